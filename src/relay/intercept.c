/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The beginning of a flow on the client: where an intercepted connection wanted to go. */
#include "relay/intercept.h"

#include "kernel/socket.h"
#include "relay/dial.h"

static void refuse_loop(struct flow *flow, const char *why)
{
	relay_notice(flow->relay, NOTICE_LOOP, "refused a connection that would come back here: %s",
		     why);
	flow_abort(flow);
}

/* A connection that came by TPROXY has the destination as its local address, conntrack or not. */
static bool find_destination(struct flow *flow, sa_family_t family)
{
	int fd = flow->side[LAN].watch.fd;

	if (socket_original_destination(fd, family, &flow->target) == 0)
		return true;
	if (!conf_is_transparent(flow->relay->conf))
		return false;
	flow->target = socket_local_address(fd);
	return flow->target.family != 0;
}

void intercept_start(struct flow *flow, const struct address *peer)
{
	const struct conf *conf = flow->relay->conf;
	int fd = flow->side[LAN].watch.fd;

	socket_urgent_inline(fd);
	if (!find_destination(flow, peer->family)) {
		refuse_loop(flow, "it was made to the listening port itself, not intercepted");
		return;
	}
	flow->is_direct = board_is_own_address(relay_table(flow->relay), &flow->target);
	if (flow->is_direct && flow->target.port == conf->local_port) {
		refuse_loop(flow, "it is for the listening port itself");
		return;
	}
	flow_count(flow);
	dial_start(flow);
}
