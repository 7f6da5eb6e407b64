/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report: what there is to say of the paths and of the subflows on them. */
#include "paths/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- whose subflows they are ---- */

static int compare_u64(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int by_connection(const void *one, const void *other)
{
	const struct inet_diag_subflow *a = one, *b = other;
	int order = compare_u64(a->token, b->token);

	if (order == 0)
		order = (int)a->is_joined - (int)b->is_joined;
	return order ? order : compare_u64(a->cookie, b->cookie);
}

/* A client's subflows end at an address of its server, a server's at one that it listens on. */
static bool is_ours(const struct conf *conf, const struct inet_diag_subflow *subflow)
{
	bool is_client = conf->role == CONF_CLIENT;
	const struct address *end = is_client ? &subflow->remote : &subflow->local;

	if (end->port != conf->server_port || (!subflow->is_mptcp && !subflow->is_established))
		return false;
	for (unsigned i = 0; i < conf->n_servers; i++) {
		const struct address *named = &conf->server[i].address;

		if (address_ip_equal(named, end) || (!is_client && address_is_unspecified(named)))
			return true;
	}
	return !is_client && conf->n_servers == 0;
}

/* Where the connection that begins at `first` ends; each plain TCP connection is one by itself. */
static size_t end_of_connection(const struct inet_diag_subflows *subflows, size_t first)
{
	uint32_t token = subflows->item[first].token;
	size_t end = first + 1;

	while (token && end < subflows->n && subflows->item[end].token == token)
		end++;
	return end;
}

void report_select(const struct conf *conf, struct inet_diag_subflows *subflows)
{
	size_t kept = 0;

	if (subflows->n > 0)
		qsort(subflows->item, subflows->n, sizeof(*subflows->item), by_connection);
	for (size_t first = 0; first < subflows->n;) {
		size_t end = end_of_connection(subflows, first);
		bool is_own = false;

		for (size_t i = first; i < end; i++)
			is_own = is_own || is_ours(conf, &subflows->item[i]);
		for (; first < end; first++)
			if (is_own)
				subflows->item[kept++] = subflows->item[first];
	}
	subflows->n = kept;
}

/* ---- adding up ---- */

unsigned report_place(const struct report *report, const struct inet_diag_subflow *subflow)
{
	uint8_t router = conf_router_of(report->conf, &subflow->remote);
	unsigned found = report->n_paths, best = 0;

	for (unsigned i = 0; i < report->n_paths; i++) {
		const struct report_path *path = &report->path[i];
		unsigned fit = 1 + (path->ifindex && path->ifindex == subflow->ifindex) +
			       2 * (path->ifindex && path->router == router);

		if (address_ip_equal(&path->local, &subflow->local) && fit > best) {
			best = fit;
			found = i;
		}
	}
	return found;
}

static void add_congestion_control(struct report_traffic *traffic, const char *name)
{
	for (unsigned i = 0; i < traffic->n_congestion_controls; i++)
		if (strcmp(traffic->congestion_control[i], name) == 0)
			return;
	if (name[0] != '\0' && traffic->n_congestion_controls < REPORT_CC_MAX)
		memcpy(traffic->congestion_control[traffic->n_congestion_controls++], name,
		       INET_DIAG_CC_BYTES);
}

static void add_subflow(struct report_traffic *traffic, const struct inet_diag_subflow *subflow)
{
	if (!subflow->is_established) {
		traffic->n_joining += subflow->is_mptcp;
		return;
	}
	traffic->n_subflows += subflow->is_mptcp;
	traffic->n_tcp += !subflow->is_mptcp;
	traffic->n_backup += subflow->is_backup;
	traffic->bytes_acked += subflow->bytes_acked;
	traffic->bytes_received += subflow->bytes_received;
	traffic->bytes_sent += subflow->bytes_sent;
	traffic->bytes_sent_again += subflow->bytes_sent_again;
	traffic->delivery_rate += subflow->delivery_rate;
	add_congestion_control(traffic, subflow->congestion_control);
}

static int by_number(const void *one, const void *other)
{
	return compare_u64(*(const uint32_t *)one, *(const uint32_t *)other);
}

static void set_rtt(struct report_traffic *traffic, uint32_t *rtts, size_t n)
{
	if (n == 0)
		return;
	qsort(rtts, n, sizeof(*rtts), by_number);
	traffic->rtt_min_us = rtts[0];
	traffic->rtt_median_us = rtts[n / 2];
}

/* All subflows of the path at `place`; `rtts` has room for one of each subflow. */
static void add_path(struct report *report, unsigned place,
		     const struct inet_diag_subflows *subflows, uint32_t *rtts)
{
	struct report_traffic *traffic =
		place < report->n_paths ? &report->path[place].traffic : &report->elsewhere;
	size_t n = 0;

	for (size_t i = 0; i < subflows->n; i++) {
		const struct inet_diag_subflow *subflow = &subflows->item[i];

		if (report_place(report, subflow) != place)
			continue;
		add_subflow(traffic, subflow);
		if (subflow->is_established && subflow->rtt_us)
			rtts[n++] = subflow->rtt_us;
	}
	set_rtt(traffic, rtts, n);
}

int report_add_traffic(struct report *report, const struct inet_diag_subflows *subflows)
{
	uint32_t *rtts = calloc(subflows->n + 1, sizeof(*rtts));

	if (!rtts)
		return -ENOMEM;
	for (unsigned place = 0; place <= report->n_paths; place++)
		add_path(report, place, subflows, rtts);
	report->has_traffic = true;
	free(rtts);
	return 0;
}
