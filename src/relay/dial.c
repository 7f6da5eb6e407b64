/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state DIAL of a flow: the client connects to the far router, the server to the destination.
 */
#include "relay/dial.h"

#include "kernel/socket.h"
#include "relay/candidate.h"
#include "relay/destination.h"
#include "relay/dialog.h"
#include "relay/race.h"
#include "relay/seal.h"
#include "relay/sealed.h"
#include "relay/source.h"
#include "relay/transfer.h"
#include "shadowsocks/target.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Theory of operation, of the client; a server tries the addresses of a name in the same way, see
 * destination.c. The first SYN of a connection meets the far router over one path; the kernel
 * adds the others. The client tries the best path first. If that has not answered within a head
 * start, which is little more than its round trip, the next best is tried beside it, and so on; the
 * first to connect is taken (RFC 8305 does the same with addresses). Nothing is read from the host
 * before, so nothing can be sent twice. A path that is known to be down is not tried at all; when
 * all of them are, the host is told so at once.
 *
 * Of several far routers the supervisor says which one new connections go to. As long as attempts
 * to it are silent, or all have been refused while another router has a path, its paths are doubted
 * and the board is looked at again: it will name another router, once the MPTCP endpoints are that
 * one's. If that word does not come, one of the others' paths is tried without it.
 */

#define DEADLINE_MS  10000
#define LOOK_MS	     150  /* again at the board, where there are several far routers */
#define LOOK_SOON_MS 30	  /* the same with nothing under way */
#define AWAIT_MS     1000 /* at most, for the board to name another one */

static void on_raced(struct flow *flow, int error);

/* A socket that connects, or -errno. */
static int open_to(enum socket_protocol protocol, bool as_ipv6, const struct address *local,
		   const struct address *remote)
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
	return fd;
}

/* The attempt becomes the dialed side, or, when that is busy, one of a race. */
static int watch_dialed(struct flow *flow, int fd)
{
	struct side *side = &flow->side[flow_dialed_side(flow)];
	int error;

	if (fd < 0)
		return fd;
	if (side->watch.fd >= 0)
		return race_add(flow, fd, on_raced);
	error = loop_watch(flow->relay->loop, &side->watch, fd);
	if (error < 0)
		close(fd);
	return error;
}

static int dial_path(struct flow *flow, const struct board_table *table,
		     const struct board_path *path)
{
	struct address remote = path->server;

	flow->paths_tried |= (uint16_t)(1u << path->place);
	remote.port = flow->relay->conf->server_port;
	return watch_dialed(flow, open_to(SOCKET_MPTCP, candidate_has_both_families(table),
					  &path->local, &remote));
}

/* Where both ends are on one machine there are no paths, and the main table leads to the other. */
static int dial_unrouted(struct flow *flow)
{
	const struct conf *conf = flow->relay->conf;
	struct address remote = conf->server[0].address;

	remote.port = conf->server_port;
	return watch_dialed(flow, open_to(SOCKET_MPTCP, false, NULL, &remote));
}

static bool is_under_way(const struct flow *flow)
{
	return flow->side[flow_dialed_side(flow)].watch.fd >= 0 || race_is_on(flow);
}

static uint64_t earlier(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms < b_ms ? a_ms : b_ms;
}

/* The next attempt begins when this one's head start is over, if there is another path to try. */
static void wait_for_it(struct flow *flow, const struct board_path *path)
{
	struct loop *loop = flow->relay->loop;
	uint64_t due_ms = flow->since_ms + DEADLINE_MS;

	if (path && candidate_next(&flow->relay->table, flow->paths_tried))
		due_ms = loop->now_ms + candidate_head_start_ms(path);
	else if (flow->relay->conf->n_routers > 1)
		due_ms = earlier(due_ms,
				 loop->now_ms + (is_under_way(flow) ? LOOK_MS : LOOK_SOON_MS));
	timer_arm(&loop->timers, &flow->timer, due_ms);
}

/* Whether the supervisor may still say that another far router is the active one. */
static bool is_awaiting(const struct flow *flow)
{
	const struct relay *relay = flow->relay;

	return candidate_standby(&relay->table, flow->paths_tried) &&
	       relay->loop->now_ms < flow->since_ms + AWAIT_MS;
}

/* The next path to try; one to another far router only when nothing is left of the active one. */
static const struct board_path *next_path(const struct flow *flow, const struct board_table *table)
{
	const struct board_path *path = candidate_next(table, flow->paths_tried);

	if (!path && !is_under_way(flow) && !is_awaiting(flow))
		path = candidate_standby(table, flow->paths_tried);
	return path;
}

/*
 * Begins the next attempt: 0, or -errno when none is left and none is under way. `error` is why the
 * one before failed, or 0.
 */
static int dial_far_router(struct flow *flow, int error)
{
	const struct board_table *table = relay_table(flow->relay);
	const struct board_path *path;

	while ((path = next_path(flow, table))) {
		int failure = dial_path(flow, table, path);

		if (failure == 0) {
			wait_for_it(flow, path);
			return 0;
		}
		error = failure;
	}
	wait_for_it(flow, NULL);
	if (is_under_way(flow) || is_awaiting(flow))
		return 0;
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

static int dial_address(struct flow *flow, const struct address *target)
{
	const struct address *source = configured_source(flow->relay->conf, target->family);

	if (source_is_shown(flow, target))
		return watch_dialed(flow, source_connect(flow, target));
	return watch_dialed(flow, open_to(SOCKET_TCP, false, source, target));
}

static int dial_target(struct flow *flow)
{
	return dial_address(flow, &flow->target);
}

static void wait_for_next_address(struct flow *flow)
{
	struct timer_wheel *timers = &flow->relay->loop->timers;

	timer_arm(timers, &flow->timer,
		  earlier(flow->since_ms + DEADLINE_MS, destination_next_ms(flow)));
}

/* As dial_far_router(), over the addresses of a name. */
static int dial_name(struct flow *flow, int error)
{
	const struct address *address;

	while ((address = destination_next(flow))) {
		int failure = dial_address(flow, address);

		if (failure == 0) {
			wait_for_next_address(flow);
			return 0;
		}
		error = failure;
	}
	wait_for_next_address(flow);
	if (is_under_way(flow) || destination_awaits_more(flow))
		return 0;
	return error < 0 ? error : -EHOSTUNREACH;
}

static bool dials_far_router(const struct flow *flow)
{
	return flow->relay->conf->role == CONF_CLIENT && !flow->is_direct;
}

static const char *reason_text(const struct flow *flow, int error)
{
	if (dials_far_router(flow) && flow->paths_tried == 0)
		return "no path to it works at present";
	return strerror(-error);
}

static void give_up(struct flow *flow, int error)
{
	char target[TARGET_TEXT_BYTES];

	relay_notice(flow->relay, NOTICE_DIAL_FAILED, "no connection to the %s for %s: %s",
		     dials_far_router(flow) ? "far router" : "destination",
		     destination_format(flow, target), reason_text(flow, error));
	flow_abort(flow);
}

/* Nothing leads to the far router, and the configuration says to go by the router's own routes. */
static bool may_go_direct(const struct flow *flow)
{
	return dials_far_router(flow) &&
	       conf_peer_down_of(flow->relay->conf, flow->target.family) == CONF_PEER_DOWN_DIRECT &&
	       candidate_count(&flow->relay->table) == 0;
}

static int go_direct(struct flow *flow)
{
	relay_notice(flow->relay, NOTICE_DIRECT,
		     "no path to the far router works: new connections go out directly");
	flow->is_direct = true;
	flow_set_state(flow, FLOW_DIAL, DEADLINE_MS);
	return dial_target(flow);
}

/* The last attempt has failed. */
static void fail(struct flow *flow, int error)
{
	if (may_go_direct(flow))
		error = go_direct(flow);
	if (error < 0)
		give_up(flow, error);
}

static int dial_first(struct flow *flow)
{
	if (flow->destination)
		return dial_name(flow, 0);
	if (!dials_far_router(flow))
		return dial_target(flow);
	if (relay_table(flow->relay)->n_paths == 0 &&
	    address_is_loopback(&flow->relay->conf->server[0].address))
		return dial_unrouted(flow);
	return dial_far_router(flow, 0);
}

void dial_start(struct flow *flow)
{
	int error;

	flow_set_state(flow, FLOW_DIAL, DEADLINE_MS);
	error = dial_first(flow);
	if (error < 0)
		fail(flow, error);
}

/* The paths that were tried are worth a question: a head start was not enough, or they refused. */
static void doubt_tried(const struct flow *flow)
{
	struct relay *relay = flow->relay;

	for (uint32_t i = 0; i < relay->table.n_paths; i++)
		if (flow->paths_tried & (1u << relay->table.path[i].place))
			relay->on_doubt(relay, relay->table.path[i].place, DOUBT_SILENT);
}

/* An attempt has failed; its descriptor is closed. */
static void attempt_failed(struct flow *flow, int error)
{
	if (error < 0 && dials_far_router(flow) && flow->relay->conf->n_routers > 1)
		doubt_tried(flow);
	if (dials_far_router(flow))
		error = dial_far_router(flow, error);
	else if (flow->destination)
		error = dial_name(flow, error);
	if (error < 0)
		fail(flow, error);
}

void dial_more(struct flow *flow)
{
	if (is_under_way(flow))
		wait_for_next_address(flow);
	else
		attempt_failed(flow, 0);
}

void dial_on_timer(struct flow *flow)
{
	if (flow->relay->loop->now_ms >= flow->since_ms + DEADLINE_MS) {
		race_close(flow);
		loop_close(flow->relay->loop, &flow->side[flow_dialed_side(flow)].watch);
		fail(flow, -ETIMEDOUT);
	} else {
		doubt_tried(flow);
		attempt_failed(flow, 0);
	}
}

static void tell_if_fell_back(struct flow *flow, int fd)
{
	if (!flow->relay->has_mptcp || socket_mptcp_state(fd) != SOCKET_MPTCP_FELL_BACK)
		return;
	shared64_add(&flow->relay->counters->flows_fell_back, 1);
	if (atomic_exchange(&flow->relay->board->has_told_fallback, true))
		return;
	relay_notice(
		flow->relay, NOTICE_FELL_BACK,
		"the far router answers with plain TCP, so its connections use one path: it has no "
		"MPTCP (net.mptcp.enabled), or something between strips the option");
}

static size_t write_header(struct flow *flow, uint8_t header[static TARGET_HEADER_BYTES])
{
	const struct address host = source_to_tell(flow);

	return host.family ? target_write_from(&host, &flow->target, header)
			   : target_write(&flow->target, header);
}

/* A new connection's send buffer takes a header whole; if not, the connection is of no use. */
static int send_header(struct flow *flow)
{
	uint8_t header[TARGET_HEADER_BYTES];
	size_t length = write_header(flow, header);

	if (send(flow->side[WAN].watch.fd, header, length, MSG_DONTWAIT | MSG_NOSIGNAL) !=
	    (ssize_t)length)
		return -ECONNRESET;
	return 0;
}

/* What is sealed goes out with the first payload, by the lane. */
static int begin_sealed(struct flow *flow)
{
	struct relay *relay = flow->relay;
	uint8_t header[TARGET_HEADER_BYTES];
	size_t length = write_header(flow, header);
	struct dialog *dialog = flow->dialog = dialog_new(&relay->codec);
	int error;

	if (!dialog)
		return -ENOMEM;
	error = seal_request(&flow->lane[LAN], &dialog->sealer, flow->side[LAN].watch.fd, header,
			     length, &relay->pools);
	if (error < 0)
		return error;
	opener_init(&dialog->opener, &relay->codec, dialog->sealer.request_salt);
	lane_open(&flow->lane[WAN], &dialog->opener);
	return 0;
}

static int begin(struct flow *flow)
{
	if (flow->relay->conf->method->format == METHOD_PLAIN)
		return send_header(flow);
	return begin_sealed(flow);
}

static void on_dialed_target(struct flow *flow, int fd)
{
	int error = sealed_respond(flow);

	socket_urgent_inline(fd);
	if (error < 0)
		give_up(flow, error);
	else
		transfer_start(flow);
}

static void note_router(struct flow *flow, int fd)
{
	struct relay *relay = flow->relay;
	const struct address remote = socket_remote_address(fd);

	flow->dialed_ms = relay->loop->now_ms;
	flow->router = conf_router_of(relay->conf, &remote);
	shared64_add(&relay->counters->flows_to[flow->router], 1);
}

/* A name has done its part when one of its addresses is reached. */
static void note_address(struct flow *flow, int fd)
{
	if (!flow->destination)
		return;
	flow->target = socket_remote_address(fd);
	destination_leave(flow);
}

static void on_dialed(struct flow *flow)
{
	int fd = flow->side[flow_dialed_side(flow)].watch.fd, error;

	race_close(flow);
	if (!dials_far_router(flow)) {
		note_address(flow, fd);
		on_dialed_target(flow, fd);
		return;
	}
	note_router(flow, fd);
	tell_if_fell_back(flow, fd);
	error = begin(flow);
	if (error < 0)
		give_up(flow, error);
	else
		transfer_start(flow);
}

static void on_raced(struct flow *flow, int error)
{
	if (flow->state != FLOW_DIAL)
		return;
	if (error == 0)
		error = race_win(flow);
	if (error < 0)
		attempt_failed(flow, error);
	else
		on_dialed(flow);
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
	if (error == 0) {
		on_dialed(flow);
		return;
	}
	loop_close(flow->relay->loop, &flow->side[side].watch);
	attempt_failed(flow, error);
}
