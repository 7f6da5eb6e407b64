/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rescuing an MPTCP connection that one of its subflows holds up. */
#include "relay/rescue.h"

#include "relay/relay.h"

/*
 * Theory of operation. A receiver whose program does not read has, in the end, no room for what is
 * under way to it. Where two subflows share one window, that can happen to segments that were sent
 * within it (tcp_data_queue() in net/ipv4/tcp_input.c, TcpExtTCPZeroWindowDrop): the sender's timer
 * then sends them again and again, each time after twice as long. When the program reads once more,
 * the window opens, and nothing follows: a window is no acknowledgement, and the timer may have as
 * long to go as the program had rested. MPTCP would send the bytes by another subflow, but waits
 * for the longest of the subflows' timers with that (mptcp_set_timeout() in net/mptcp/protocol.c).
 *
 * It can be told from a link that is dead: the far end has been heard since it was last repeated,
 * and offers room. What helps is to close that subflow: then all that it has left goes by another
 * one at once, and it is made again when the flow is seen to miss it (evidence.c). The kernel
 * closes it for the supervisor alone (SOCK_DESTROY).
 *
 * A connection whose last subflow is closed is lost. So another one has to be without such trouble,
 * and to have been heard of a moment ago, as it was if the far end has just made room: it says so
 * by all subflows.
 */

#define BACKOFF_LEAST 3u /* 1.4 s without progress at a time-out of 0.2 s, and 1.6 s to go */
#define HEARD_MS      1500u

static bool is_held_up(const struct subflow *subflow)
{
	return subflow->is_established && subflow->unacked > 0 &&
	       subflow->backoff >= BACKOFF_LEAST && subflow->window > 0 &&
	       subflow->acked_ms <= subflow->sent_ms;
}

static bool is_well(const struct subflow *subflow)
{
	return subflow->is_established && subflow->backoff == 0 && subflow->quiet_ms < HEARD_MS;
}

int rescue_find(const struct subflow *subflow, int n)
{
	int found = -1;
	bool has_other = false;

	for (int i = 0; i < n; i++) {
		if (is_held_up(&subflow[i]))
			found = i;
		has_other = has_other || is_well(&subflow[i]);
	}
	return has_other ? found : -1;
}

void rescue_look(struct flow *flow)
{
	struct subflow subflow[SUBFLOWS_MAX];
	int n = subflow_read(flow->side[WAN].watch.fd, subflow);
	int found = rescue_find(subflow, n);

	if (found >= 0)
		flow->relay->on_held_up(flow->relay, &subflow[found].local, &subflow[found].remote);
}
