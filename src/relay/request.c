/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state HEADER of a flow on the server: who comes, and where to. */
#include "relay/request.h"

#include "kernel/socket.h"
#include "relay/access.h"
#include "relay/destination.h"
#include "relay/dial.h"
#include "relay/lobby.h"
#include "relay/sealed.h"
#include "relay/source.h"
#include "shadowsocks/target.h"

#include <errno.h>
#include <sys/socket.h>

#define HEADER_DEADLINE_MS 10000

void request_start(struct flow *flow, const struct address *peer)
{
	struct relay *relay = flow->relay;
	char text[ADDRESS_TEXT_BYTES];

	if (!access_permits_peer(relay->conf, relay_table(relay), peer)) {
		relay_notice(
			relay, NOTICE_PEER_REFUSED,
			relay->conf->n_allow > 0
				? "refused %s: it is in none of the networks that \"allow\" "
				  "names"
				: "refused %s: with method \"none\" only directly connected "
				  "networks may use this server, unless \"allow\" names others",
			address_format_ip(peer, text));
		flow_abort(flow);
		return;
	}
	flow_set_state(flow, FLOW_HEADER, HEADER_DEADLINE_MS);
	lobby_enter(flow, peer);
}

static void refuse_target(struct flow *flow, const struct target *target, const char *why)
{
	char text[TARGET_TEXT_BYTES];

	relay_notice(flow->relay, NOTICE_TARGET_REFUSED, "refused a connection to %s: %s",
		     target_format(target, text), why);
	flow_abort(flow);
}

/* Whoever sends a header speaks our protocol: a host that merely knocks at the port is no client.
 */
static void witness(struct flow *flow)
{
	struct address local = socket_local_address(flow->side[WAN].watch.fd);

	relay_witness(flow->relay, &local);
}

/* In one piece, or not at all. */
static bool send_answer(struct flow *flow, const uint8_t *answer, size_t n)
{
	uint8_t sealed[SEALED_ANSWER_MAX];
	ssize_t length = (ssize_t)n;

	if (flow->dialog) {
		length = sealed_answer(flow, answer, n, sealed);
		answer = sealed;
	}
	return length > 0 && send(flow->side[WAN].watch.fd, answer, (size_t)length,
				  MSG_DONTWAIT | MSG_NOSIGNAL) == length;
}

/* What there is to say to a peer about the path by which it comes. */
static struct greeting_answer answer_to(struct relay *relay, const struct address *local,
					const struct address *peer)
{
	const struct board_table *table = relay_table(relay);
	const struct board_path *path = board_path_at(table, local);
	const struct spare *spare = spares_find(&table->spares, local, peer);
	uint64_t now_ms = relay->loop->now_ms;
	struct greeting_answer answer = {
		.instance = relay->board->instance,
		.age_ms = now_ms - relay->board->started_ms,
		.is_spare = path && path->is_secondary,
		.has_scavenger = path && path->has_scavenger && (spare || path->is_secondary),
	};

	if (spare && spare->until_ms > now_ms)
		answer.yields_ms = (uint32_t)(spare->until_ms - now_ms);
	return answer;
}

static void answer_greeting(struct flow *flow, enum greeting_kind kind, const struct address *about)
{
	struct relay *relay = flow->relay;
	struct address local = socket_local_address(flow->side[WAN].watch.fd);
	struct address peer = socket_remote_address(flow->side[WAN].watch.fd);
	struct greeting_answer said = answer_to(relay, &local, &peer);
	uint8_t answer[GREETING_ANSWER_BYTES];

	local.port = peer.port = 0;
	relay->on_greeted(relay, kind, &local, kind == GREETING_LOST ? about : &peer);
	greeting_write_answer(&said, answer);
	if (send_answer(flow, answer, sizeof(answer)))
		flow_end(flow);
	else
		flow_abort(flow);
}

static void on_target(struct flow *flow, const struct target *target)
{
	enum greeting_kind greeting;
	struct address about;
	const char *why;

	lobby_leave(flow);
	if (greeting_parse(target, &greeting, &about)) {
		answer_greeting(flow, greeting, &about);
		return;
	}
	flow_count(flow);
	witness(flow);
	if (!source_take(flow, target)) {
		flow_abort(flow);
		return;
	}
	if (target->address.family == 0) {
		destination_start(flow, target);
		return;
	}
	why = access_refuses_target(flow->relay->conf, relay_table(flow->relay), &target->address);
	if (why) {
		refuse_target(flow, target, why);
		return;
	}
	flow->target = target->address;
	dial_start(flow);
}

static void bad_header(struct flow *flow, const char *what)
{
	relay_notice(flow->relay, NOTICE_HEADER,
		     "a client's connection ended before a flow began: %s", what);
	flow_abort(flow);
}

/*
 * A plain header is only peeked at until it is whole, and then taken out exactly: what follows it
 * stays in the socket, where splice() finds it, and a flow that waits for its header holds no
 * buffer.
 */
static void step_plain(struct flow *flow)
{
	uint8_t bytes[TARGET_HEADER_BYTES];
	int fd = flow->side[WAN].watch.fd;
	struct target target;
	ssize_t got = recv(fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	ssize_t length;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		flow_abort(
			flow); /* a greeting, or a client that changed its mind: nothing to tell */
		return;
	}
	length = target_parse(bytes, (size_t)got, &target);
	if (length < 0) {
		bad_header(flow, "it sent no address header; is its method \"none\", too?");
	} else if (length > 0) {
		if (recv(fd, bytes, (size_t)length, MSG_DONTWAIT) == length)
			on_target(flow, &target);
		else
			flow_abort(flow);
	} else if (flow->side[WAN].is_hung_up) {
		bad_header(flow, "it was cut off inside the address header");
	}
}

void request_step(struct flow *flow)
{
	struct target target;

	if (flow->relay->conf->method->format == METHOD_PLAIN)
		step_plain(flow);
	else if (sealed_read(flow, &target))
		on_target(flow, &target);
}

void request_on_timer(struct flow *flow)
{
	if (flow->state == FLOW_REFUSED)
		flow_abort(flow); /* of this a line has been logged */
	else
		bad_header(flow, "it sent no whole header in time");
}
