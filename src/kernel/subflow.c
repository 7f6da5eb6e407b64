/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subflows of an MPTCP connection, as the kernel sees them at one moment. */
#include "kernel/subflow.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>

/*
 * MPTCP_TCPINFO and MPTCP_SUBFLOW_ADDRS, include/uapi/linux/mptcp.h, since 5.16. MPTCP_FULL_INFO
 * would say both at once, but came with 6.5. Both begin with struct mptcp_subflow_data, and walk
 * the same list (mptcp_getsockopt_tcpinfo() and mptcp_getsockopt_subflow_addrs() in
 * net/mptcp/sockopt.c).
 */
#ifndef SOL_MPTCP
#define SOL_MPTCP 284
#endif
#ifndef MPTCP_TCPINFO
#define MPTCP_TCPINFO 2
#endif
#ifndef MPTCP_SUBFLOW_ADDRS
#define MPTCP_SUBFLOW_ADDRS 3
#endif

#define LATELY_MS 250

#define STATE_ESTABLISHED 1 /* include/net/tcp_states.h */

struct subflow_data {
	uint32_t size_subflow_data; /* of these four numbers */
	uint32_t num_subflows;
	uint32_t size_kernel;
	uint32_t size_user;
};

struct all_info {
	struct subflow_data data;
	struct tcp_info info[SUBFLOWS_MAX];
};

struct all_addresses {
	struct subflow_data data;
	struct {
		struct sockaddr_storage local, remote;
	} address[SUBFLOWS_MAX];
};

static int ask_info(int fd, struct all_info *all)
{
	socklen_t length = sizeof(*all);

	*all = (struct all_info){.data = {.size_subflow_data = sizeof(all->data),
					  .size_user = sizeof(all->info[0])}};
	if (getsockopt(fd, SOL_MPTCP, MPTCP_TCPINFO, all, &length) < 0)
		return -1;
	return all->data.num_subflows < SUBFLOWS_MAX ? (int)all->data.num_subflows : SUBFLOWS_MAX;
}

static int ask_addresses(int fd, struct all_addresses *all)
{
	socklen_t length = sizeof(*all);

	all->data = (struct subflow_data){.size_subflow_data = sizeof(all->data),
					  .size_user = sizeof(all->address[0])};
	if (getsockopt(fd, SOL_MPTCP, MPTCP_SUBFLOW_ADDRS, all, &length) < 0)
		return -1;
	return all->data.num_subflows < SUBFLOWS_MAX ? (int)all->data.num_subflows : SUBFLOWS_MAX;
}

static uint32_t quiet_ms(const struct tcp_info *info)
{
	return info->tcpi_last_ack_recv < info->tcpi_last_data_recv ? info->tcpi_last_ack_recv
								    : info->tcpi_last_data_recv;
}

int subflow_read(int fd, struct subflow out[static SUBFLOWS_MAX])
{
	struct all_info info;
	struct all_addresses addresses;
	int n = ask_info(fd, &info);

	if (n < 0)
		return -EOPNOTSUPP;
	if (ask_addresses(fd, &addresses) != n)
		return -EAGAIN;
	for (int i = 0; i < n; i++)
		out[i] = (struct subflow){
			.local = address_from_sockaddr(&addresses.address[i].local),
			.remote = address_from_sockaddr(&addresses.address[i].remote),
			.is_established = info.info[i].tcpi_state == STATE_ESTABLISHED,
			.unacked = info.info[i].tcpi_unacked,
			.rtt_us = info.info[i].tcpi_rtt,
			.rttvar_us = info.info[i].tcpi_rttvar,
			.receive_rtt_us = info.info[i].tcpi_rcv_rtt,
			.delivery_rate = info.info[i].tcpi_delivery_rate,
			.bytes_acked = info.info[i].tcpi_bytes_acked,
			.bytes_received = info.info[i].tcpi_bytes_received,
			.quiet_ms = quiet_ms(&info.info[i]),
			.acked_ms = info.info[i].tcpi_last_ack_recv,
			.sent_ms = info.info[i].tcpi_last_data_sent,
			.backoff = info.info[i].tcpi_backoff,
			.window = info.info[i].tcpi_snd_wnd,
		};
	return n;
}

int subflow_count_established(int fd)
{
	struct all_info all;
	int n = ask_info(fd, &all), established = 0;

	for (int i = 0; i < n; i++)
		established += all.info[i].tcpi_state == STATE_ESTABLISHED;
	return n < 0 ? -1 : established;
}

bool subflow_awaits_data_ack(int fd)
{
	struct all_info all;
	int n = ask_info(fd, &all), established = 0;

	for (int i = 0; i < n; i++) {
		const struct tcp_info *info = &all.info[i];

		if (info->tcpi_state != STATE_ESTABLISHED)
			continue;
		if (info->tcpi_unacked > 0 || info->tcpi_notsent_bytes > 0)
			return false;
		established++;
	}
	return established > 0;
}

/* Whether it was given something to send lately; the others are backups, or have just joined. */
static bool is_sending(const struct tcp_info *info)
{
	return info->tcpi_state == STATE_ESTABLISHED &&
	       (info->tcpi_unacked > 0 || info->tcpi_last_data_sent < LATELY_MS);
}

bool subflow_load(int fd, struct subflow_load *out)
{
	struct all_info all;
	int n = ask_info(fd, &all);
	struct subflow_load load = {0};

	for (int i = 0; i < n; i++) {
		const struct tcp_info *info = &all.info[i];

		if (!is_sending(info))
			continue;
		load.n++;
		load.rate += info->tcpi_delivery_rate;
		load.segments += info->tcpi_data_segs_out;
		load.again += info->tcpi_total_retrans;
		if (info->tcpi_rtt > load.rtt_us)
			load.rtt_us = info->tcpi_rtt;
		if (info->tcpi_snd_wnd > load.window)
			load.window = info->tcpi_snd_wnd;
		if (load.n == 1 || info->tcpi_min_rtt < load.least_rtt_us)
			load.least_rtt_us = info->tcpi_min_rtt;
	}
	if (load.n == 0)
		return false;
	*out = load;
	return true;
}
