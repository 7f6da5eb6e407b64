/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nudging an MPTCP connection whose far end has forgotten to send a DATA_ACK. */
#include "relay/nudge.h"

#include "kernel/socket.h"
#include "kernel/subflow.h"

/*
 * Theory of operation. A receiver acknowledges segments at once, with the DATA_ACK that it has at
 * that moment. While its program reads, the connection is locked and the DATA_ACK stands still;
 * when it moves on afterwards, nothing is sent for that alone, but for a window that has doubled
 * (mptcp_cleanup_rbuf() in net/mptcp/protocol.c). So if all that fits a send buffer arrives within
 * one such moment, the sender waits for an acknowledgement that nobody owes it any more, until its
 * own timer repeats a segment: 200 ms, TCP_RTO_MIN. On a real link a send buffer takes longer than
 * a read; between namespaces, and wherever many gigabits come in bursts, it happens several times a
 * second.
 *
 * It can be told from a link that is only slow: every subflow is then without anything in flight.
 * What helps is to send a little more, whose acknowledgement brings the DATA_ACK. Often there is
 * room for that: epoll tells of it only when a third of the buffer is free, a write takes any.
 * Where there is none, the buffer is made larger, if net.core.wmem_max lets us. A buffer that was
 * set by hand no longer grows by itself, so it is left at the size to which it would have grown, or
 * which headroom.c had given to it.
 */

#define LOOK_FIRST_MS TIMER_TICK_MS
#define LOOK_MOST_MS  512
#define EXTRA_SHARE   4

static void set_timer(struct flow *flow)
{
	struct loop *loop = flow->relay->loop;

	timer_arm(&loop->timers, &flow->timer, loop->now_ms + flow->nudge.look_ms);
}

bool nudge_is_due(const struct flow *flow)
{
	return !flow->side[WAN].is_writable && lane_pending(&flow->lane[LAN]) > 0;
}

void nudge_watch(struct flow *flow)
{
	/* while it is being nudged, a program that has the other end locked gets time to unlock it
	 */
	if (!flow->nudge.has_extra_room)
		flow->nudge.look_ms = LOOK_FIRST_MS;
	set_timer(flow);
}

/* One that is smaller than that grows by itself, unless it was set. */
static bool add_extra_room(const struct flow *flow, int fd)
{
	uint32_t bytes = socket_send_buffer_bytes(fd);

	return (flow->headroom.bytes > 0 || bytes >= SOCKET_SEND_BUFFER_BYTES / 4 * 3) &&
	       socket_set_send_buffer(fd, bytes + bytes / EXTRA_SHARE);
}

bool nudge_look(struct flow *flow)
{
	int fd = flow->side[WAN].watch.fd;
	bool is_stuck = subflow_awaits_data_ack(fd);

	if (flow->nudge.look_ms < LOOK_MOST_MS)
		flow->nudge.look_ms *= 2;
	set_timer(flow);
	if (!is_stuck)
		return false;
	if (add_extra_room(flow, fd))
		flow->nudge.has_extra_room = true;
	flow->side[WAN].is_writable = true;
	return true;
}

bool nudge_has_waited(const struct flow *flow)
{
	return flow->nudge.look_ms >= LOOK_MOST_MS;
}

void nudge_end(struct flow *flow)
{
	if (!flow->nudge.has_extra_room)
		return;
	flow->nudge.has_extra_room = false;
	socket_set_send_buffer(flow->side[WAN].watch.fd, flow->headroom.bytes
								 ? flow->headroom.bytes
								 : SOCKET_SEND_BUFFER_BYTES);
}
