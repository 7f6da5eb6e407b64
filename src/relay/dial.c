/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state DIAL of a flow: the client connects to the far router, the server to the destination.
 */
#include "relay/dial.h"

#include "kernel/socket.h"
#include "relay/candidate.h"
#include "relay/transfer.h"
#include "shadowsocks/target.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Theory of operation. The first SYN of a connection meets the far router over one path; the kernel
 * adds the others. Nothing has been read from the host yet when an attempt fails, so the next one
 * starts from the beginning and nothing is ever sent twice. A path that does not answer is left for
 * the next one after one retransmission of the SYN (1 s). The last one left, and a destination, get
 * longer.
 */

#define PATH_DEADLINE_MS 3000
#define LAST_DEADLINE_MS 10000

static int watch_dialed(struct flow *flow, int fd)
{
	struct side *side = &flow->side[flow_dialed_side(flow)];
	int error = loop_watch(flow->relay->loop, &side->watch, fd);

	if (error < 0)
		close(fd);
	return error;
}

static int connect_to(struct flow *flow, enum socket_protocol protocol, bool as_ipv6,
		      const struct address *local, const struct address *remote)
{
	bool is_ipv6 = as_ipv6 || remote->family == AF_INET6;
	int fd = socket_open(protocol, is_ipv6 ? AF_INET6 : AF_INET);
	int error;

	if (fd < 0)
		return fd;
	error = socket_connect(fd, is_ipv6, local, remote);
	if (error < 0) {
		close(fd);
		return error;
	}
	return watch_dialed(flow, fd);
}

static int dial_path(struct flow *flow, const struct board_table *table,
		     const struct board_path *path)
{
	struct address remote = path->server;

	flow->paths_tried |= (uint16_t)(1u << path->place);
	remote.port = flow->relay->conf->server_port;
	return connect_to(flow, SOCKET_MPTCP, candidate_has_both_families(table), &path->local,
			  &remote);
}

/* Before any path is known the main routing table may still have a way. */
static int dial_unrouted(struct flow *flow)
{
	const struct conf *conf = flow->relay->conf;
	struct address remote = conf->server[0].address;

	remote.port = conf->server_port;
	return connect_to(flow, SOCKET_MPTCP, false, NULL, &remote);
}

static int dial_far_router(struct flow *flow, int error)
{
	const struct board_table *table = relay_table(flow->relay);
	const struct board_path *path;

	if (table->n_paths == 0 && error == 0)
		return dial_unrouted(flow);
	while ((path = candidate_next(table, flow->paths_tried))) {
		error = dial_path(flow, table, path);
		if (error == 0)
			return 0;
	}
	return error < 0 ? error : -EHOSTUNREACH;
}

/* The address that outgoing connections of this family are to come from, or NULL. */
static const struct address *configured_source(const struct conf *conf, sa_family_t family)
{
	for (unsigned i = 0; conf->role == CONF_SERVER && i < conf->n_locals; i++)
		if (conf->local[i].address.family == family)
			return &conf->local[i].address;
	return NULL;
}

static int dial_target(struct flow *flow)
{
	const struct address *source = configured_source(flow->relay->conf, flow->target.family);

	return connect_to(flow, SOCKET_TCP, false, source, &flow->target);
}

static bool dials_far_router(const struct flow *flow)
{
	return flow->relay->conf->role == CONF_CLIENT && !flow->is_direct;
}

static uint32_t deadline_ms(const struct flow *flow)
{
	bool has_more =
		dials_far_router(flow) && candidate_next(&flow->relay->table, flow->paths_tried);

	return has_more ? PATH_DEADLINE_MS : LAST_DEADLINE_MS;
}

static void give_up(struct flow *flow, int error)
{
	char target[ADDRESS_TEXT_BYTES];

	relay_notice(flow->relay, NOTICE_DIAL_FAILED, "no connection to the %s for %s: %s",
		     dials_far_router(flow) ? "far router" : "destination",
		     address_format(&flow->target, target), strerror(-error));
	flow_abort(flow);
}

static void go_on(struct flow *flow, int error)
{
	if (error < 0)
		give_up(flow, error);
	else
		flow_set_state(flow, FLOW_DIAL, deadline_ms(flow));
}

void dial_start(struct flow *flow)
{
	go_on(flow, dials_far_router(flow) ? dial_far_router(flow, 0) : dial_target(flow));
}

static void attempt_failed(struct flow *flow, int error)
{
	loop_close(flow->relay->loop, &flow->side[flow_dialed_side(flow)].watch);
	go_on(flow, dials_far_router(flow) ? dial_far_router(flow, error) : error);
}

void dial_on_timer(struct flow *flow)
{
	attempt_failed(flow, -ETIMEDOUT);
}

static void tell_if_fell_back(struct flow *flow, int fd)
{
	if (!flow->relay->has_mptcp || socket_mptcp_state(fd) != SOCKET_MPTCP_FELL_BACK)
		return;
	if (atomic_exchange(&flow->relay->board->has_told_fallback, true))
		return;
	relay_notice(
		flow->relay, NOTICE_FELL_BACK,
		"the far router answers with plain TCP, so its connections use one path: it has no "
		"MPTCP (net.mptcp.enabled), or something between strips the option");
}

/* A new connection's send buffer takes a header whole; if not, the connection is of no use. */
static bool send_header(struct flow *flow)
{
	uint8_t header[TARGET_HEADER_BYTES];
	size_t length = target_write(&flow->target, header);

	return send(flow->side[WAN].watch.fd, header, length, MSG_DONTWAIT | MSG_NOSIGNAL) ==
	       (ssize_t)length;
}

static void on_dialed(struct flow *flow)
{
	int fd = flow->side[flow_dialed_side(flow)].watch.fd;

	if (!dials_far_router(flow)) {
		socket_urgent_inline(fd);
		transfer_start(flow);
		return;
	}
	tell_if_fell_back(flow, fd);
	if (send_header(flow))
		transfer_start(flow);
	else
		attempt_failed(flow, -ECONNRESET);
}

void dial_step(struct flow *flow, enum flow_side side, uint32_t events)
{
	int error;

	if (side != flow_dialed_side(flow)) {
		if (events & EPOLLERR)
			flow_abort(flow);
		return;
	}
	if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return;
	error = socket_connect_result(flow->side[side].watch.fd);
	if (error == 0 && (events & (EPOLLERR | EPOLLHUP)))
		error = -ECONNRESET;
	if (error < 0)
		attempt_failed(flow, error);
	else
		on_dialed(flow);
}
