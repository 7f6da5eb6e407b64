/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unblocking an MPTCP connection whose receive buffer is full of what came out of order. */
#include "relay/unblock.h"

#include "kernel/receive_buffer.h"
#include "kernel/socket.h"
#include "relay/flow.h"
#include "relay/transfer.h"

/*
 * Theory of operation. What comes by one link while another one repeats what it has lost waits in
 * the connection's receive buffer. The window that the far end was offered counts on segments that
 * are full. Short ones take several times the memory of what they carry, so they may fill the
 * buffer within the window; and then the kernel takes nothing more into it, not even what is
 * missing once that has come (receive_buffer.h). TCP would forget some of it; MPTCP does not. So
 * nothing can be read any more, ever, and epoll has nothing to tell. The far end repeats what is
 * missing in vain.
 *
 * It can be told from all else: the buffer is full, and a read finds nothing. What helps is a
 * larger buffer. Since no event comes, every flow over MPTCP is looked at from time to time, one
 * question each: all of them twice a second while they are few, and never more than BATCH at once.
 * So a worker of a thousand flows or more wakes for that every PAUSE_LEAST_MS, and one of ten
 * thousand needs five seconds for a round.
 */

#define BATCH	       64u
#define ROUND_MS       512u /* in which each is looked at, up to 16 batches */
#define PAUSE_LEAST_MS 32u

uint32_t unblock_pause_ms(uint32_t n_flows)
{
	uint32_t batches = (n_flows + BATCH - 1) / BATCH;
	uint32_t pause_ms = ROUND_MS / (batches > 0 ? batches : 1);

	return pause_ms > PAUSE_LEAST_MS ? pause_ms : PAUSE_LEAST_MS;
}

static void arm(struct unblock *unblock)
{
	struct loop *loop = unblock->relay->loop;

	timer_arm(&loop->timers, &unblock->look, loop->now_ms + unblock_pause_ms(unblock->n));
}

static bool is_blocked(const struct flow *flow)
{
	return flow->state == FLOW_OPEN && !flow->lane[WAN].end_passed &&
	       !flow->side[WAN].is_readable && receive_buffer_is_full(flow->side[WAN].watch.fd);
}

static void read_again(struct flow *flow)
{
	flow->side[WAN].is_readable = true;
	transfer_step(flow, WAN, EPOLLIN);
}

/*
 * First it is read: something may have come of which epoll has not told yet, and older kernels take
 * one segment for each read even into a full buffer.
 */
static void unblock_flow(struct flow *flow)
{
	read_again(flow);
	if (!is_blocked(flow))
		return;
	if (receive_buffer_widen(flow->side[WAN].watch.fd))
		log_debug("a connection's receive buffer was full of what came out of order: it is "
			  "larger now");
	else
		relay_notice(flow->relay, NOTICE_RECEIVE_BUFFER,
			     "a connection's receive buffer is full of what came out of order, and "
			     "cannot be made larger");
	read_again(flow);
}

static void on_look(struct timer *timer)
{
	struct unblock *unblock = container_of(timer, struct unblock, look);
	uint32_t n = unblock->n < BATCH ? unblock->n : BATCH;

	while (n-- > 0 && !list_is_empty(&unblock->flows)) {
		struct flow *flow = container_of(unblock->flows.next, struct flow, unblock_node);

		list_remove(&flow->unblock_node);
		list_append(&unblock->flows, &flow->unblock_node);
		if (is_blocked(flow))
			unblock_flow(flow);
	}
	if (unblock->n > 0)
		arm(unblock);
}

void unblock_join(struct unblock *unblock, struct flow *flow)
{
	if (flow->is_direct || !unblock->relay->has_mptcp ||
	    socket_mptcp_state(flow->side[WAN].watch.fd) == SOCKET_MPTCP_FELL_BACK)
		return;
	list_append(&unblock->flows, &flow->unblock_node);
	unblock->n++;
	if (!timer_is_armed(&unblock->look))
		arm(unblock);
}

void unblock_leave(struct unblock *unblock, struct flow *flow)
{
	if (!list_is_linked(&flow->unblock_node))
		return;
	list_remove(&flow->unblock_node);
	unblock->n--;
}

void unblock_init(struct unblock *unblock, struct relay *relay)
{
	unblock->relay = relay;
	unblock->n = 0;
	list_init(&unblock->flows);
	timer_init(&unblock->look, on_look);
}

void unblock_exit(struct unblock *unblock)
{
	timer_cancel(&unblock->relay->loop->timers, &unblock->look);
}
