/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settling: a client's new flow sends no great amounts before its subflows have joined. */
#include "relay/settle.h"

#include "kernel/subflow.h"
#include "relay/candidate.h"

/*
 * Theory of operation. A fault of the kernel (seen on 6.18; the lines are in 6.7 and later, and
 * were taken over into older stable kernels): when a subflow joins while the accepting end's
 * program has the connection locked, the join is finished when it unlocks, by
 * mptcp_subflow_joined() in net/mptcp/protocol.c. That sets the subflow's map_seq to what is
 * expected next, over the mapping of data that has come on the subflow meanwhile, and the rest of
 * that data lands in the wrong place of the stream: the right length, wrong bytes. It takes a
 * server that is busy reading and a link that is faster than its reading, and it was seen in one of
 * 12 to 60 uploads between namespaces on a machine that was short of processors.
 *
 * So the server must not be busy reading when the subflows join. A client that has more paths than
 * one sends 64 KiB at once, which is more than slow start lets out in the first round trips anyway;
 * then it waits until all have joined, or for a moment: a link whose round trip takes longer than
 * that cannot do it.
 */

#define FREE_BYTES (64 << 10)
#define LOOK_MS	   TIMER_TICK_MS
#define MOST_MS	   60

static bool can_settle(const struct flow *flow)
{
	const struct relay *relay = flow->relay;

	return relay->conf->role == CONF_CLIENT && !flow->is_direct &&
	       candidate_count(&relay->table) > 1 &&
	       subflow_count_established(flow->side[WAN].watch.fd) >= 0;
}

static bool have_all_joined(const struct flow *flow)
{
	int subflows = subflow_count_established(flow->side[WAN].watch.fd);

	return subflows < 0 || subflows >= (int)candidate_count(&flow->relay->table);
}

static void set_timer(struct flow *flow)
{
	struct loop *loop = flow->relay->loop;

	timer_arm(&loop->timers, &flow->timer, loop->now_ms + LOOK_MS);
}

void settle_start(struct flow *flow)
{
	if (can_settle(flow))
		flow->lane[LAN].most = FREE_BYTES;
}

bool settle_is_holding(const struct flow *flow)
{
	return flow->lane[LAN].bytes >= flow->lane[LAN].most;
}

bool settle_look(struct flow *flow)
{
	bool is_late = flow->relay->loop->now_ms >= flow->held_ms + MOST_MS;

	if (is_late || have_all_joined(flow)) {
		flow->lane[LAN].most = UINT64_MAX;
		return true;
	}
	set_timer(flow);
	return false;
}

void settle_hold(struct flow *flow)
{
	if (flow->held_ms != 0)
		return;
	flow->held_ms = flow->relay->loop->now_ms;
	set_timer(flow);
}
