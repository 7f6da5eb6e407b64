/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The states OPEN and DRAIN of a flow: payload goes both ways, then to its end. */
#include "relay/transfer.h"

#include "kernel/socket.h"
#include "relay/headroom.h"
#include "relay/nudge.h"
#include "relay/rescue.h"
#include "relay/settle.h"

/*
 * Theory of operation. Epoll's edges set bits in the two sides; a step then runs both lanes as far
 * as the bits permit. The timer is not moved for each byte: when it expires, the time of the last
 * byte decides.
 *
 * A reset is passed on as a reset, but after the bytes that came before it, as it would be on a
 * direct connection: a server that answers and closes with unread data in its socket sends its
 * answer, then RST. So the flow first delivers what the failed side had sent (DRAIN), and waits for
 * the other side to acknowledge it, because closing with RST throws away what is not.
 */

#define DRAIN_DEADLINE_MS 10000
#define DRAIN_LOOK_MS	  16
/* Idle deadlines fall together on seconds, so that thousands of flows wake the worker once. */
#define IDLE_GRAIN_MS 1024

/* DRAIN: reset the other side once it has acknowledged everything. */
static void finish_drain(struct flow *flow)
{
	struct loop *loop = flow->relay->loop;
	int fd = flow->side[flow_other_side(flow->failed)].watch.fd;
	bool is_late = loop->now_ms >= flow->since_ms + DRAIN_DEADLINE_MS;

	if (is_late || (flow->is_dry && socket_unacknowledged_bytes(fd) == 0))
		flow_abort(flow);
	else
		timer_arm(&loop->timers, &flow->timer, loop->now_ms + DRAIN_LOOK_MS);
}

static void count_bytes(struct flow *flow, enum flow_side from, uint64_t bytes_before)
{
	struct board_counters *counters = flow->relay->counters;

	shared64_set(&counters->moved_ms, flow->relay->loop->now_ms);
	if (flow->state == FLOW_OPEN)
		evidence_note(&flow->relay->evidence, flow);

	shared64_add(from == LAN ? &counters->bytes_lan_to_wan : &counters->bytes_wan_to_lan,
		     flow->lane[from].bytes - bytes_before);
}

static enum lane_result forward(struct flow *flow, enum flow_side from)
{
	struct lane *lane = &flow->lane[from];
	uint64_t bytes_before = lane->bytes;
	bool had_passed = lane->end_passed;
	enum lane_result result = lane_forward(
		lane, &flow->side[from], &flow->side[flow_other_side(from)], &flow->relay->pools);

	if (lane->bytes != bytes_before)
		count_bytes(flow, from, bytes_before);
	if (flow->state == FLOW_OPEN &&
	    (lane->bytes != bytes_before || lane->end_passed != had_passed))
		flow->since_ms = flow->relay->loop->now_ms;
	if (result == LANE_UNFINISHED)
		loop_put(flow->relay->loop, &flow->task);
	if (result == LANE_HELD)
		settle_hold(flow);
	if (from == LAN && flow->state == FLOW_OPEN && lane->bytes != bytes_before &&
	    nudge_is_due(flow))
		nudge_watch(flow);
	return result;
}

static void step_drain(struct flow *flow)
{
	if (!flow->is_dry) {
		switch (forward(flow, flow->failed)) {
		case LANE_BLOCKED:
			/* nothing will say that this was all */
			flow->is_dry = flow->is_gone && !flow->side[flow->failed].is_readable &&
				       lane_pending(&flow->lane[flow->failed]) == 0;
			break;
		case LANE_HELD:
		case LANE_UNFINISHED:
			break;
		case LANE_DONE:
		case LANE_SOURCE_RESET:
			flow->is_dry = true;
			break;
		case LANE_DESTINATION_RESET:
			flow_abort(flow);
			return;
		}
	}
	finish_drain(flow);
}

static void start_drain(struct flow *flow, enum flow_side failed, bool is_dry)
{
	flow->failed = (uint8_t)failed;
	flow->is_dry = is_dry;
	flow->lane[failed].withholds_end = true;
	flow->lane[failed].most = UINT64_MAX;
	lane_discard(&flow->lane[flow_other_side(failed)], &flow->relay->pools);
	flow_set_state(flow, FLOW_DRAIN, DRAIN_LOOK_MS);
	step_drain(flow);
}

static void step_open(struct flow *flow)
{
	for (int from = 0; from < FLOW_SIDES; from++) {
		if (flow->lane[from].end_passed)
			continue;
		switch (forward(flow, from)) {
		case LANE_BLOCKED:
		case LANE_HELD:
		case LANE_UNFINISHED:
		case LANE_DONE:
			break;
		case LANE_SOURCE_RESET:
			start_drain(flow, from, true);
			return;
		case LANE_DESTINATION_RESET:
			start_drain(flow, flow_other_side(from), false);
			return;
		}
	}
	if (flow->lane[LAN].end_passed && flow->lane[WAN].end_passed)
		flow_end(flow);
}

void transfer_start(struct flow *flow)
{
	for (int id = 0; id < FLOW_SIDES; id++)
		flow->side[id].is_readable = flow->side[id].is_writable = true;
	settle_start(flow);
	flow_set_state(flow, FLOW_OPEN, (uint64_t)flow->relay->conf->timeout_s * 1000);
	unblock_join(&flow->relay->unblock, flow);
	step_open(flow);
}

void transfer_step(struct flow *flow, enum flow_side side, uint32_t events)
{
	bool has_failed = events & EPOLLERR;

	if (side == WAN && (events & EPOLLOUT)) {
		nudge_end(flow);
		headroom_adapt(flow);
	}
	if (flow->state == FLOW_OPEN && has_failed)
		start_drain(flow, side, false);
	else if (flow->state == FLOW_OPEN)
		step_open(flow);
	else if (has_failed && side != flow->failed)
		flow_abort(flow);
	else
		step_drain(flow);
}

void transfer_fail(struct flow *flow, enum flow_side side)
{
	flow->is_gone = true;
	start_drain(flow, side, false);
}

static uint64_t idle_due_ms(const struct flow *flow)
{
	return flow->since_ms + (uint64_t)flow->relay->conf->timeout_s * 1000;
}

static void wait_for_idle(struct flow *flow)
{
	uint64_t due_ms = idle_due_ms(flow) / IDLE_GRAIN_MS * IDLE_GRAIN_MS + IDLE_GRAIN_MS;

	timer_arm(&flow->relay->loop->timers, &flow->timer, due_ms);
}

/* Whether there is room in the WAN side's send buffer again. */
static bool look_at_buffer(struct flow *flow)
{
	bool has_room = nudge_look(flow);

	if (!has_room && nudge_has_waited(flow))
		rescue_look(flow);
	return has_room;
}

/* One timer serves all that can be waited for; the files that wait arm it for themselves. */
static void on_open_timer(struct flow *flow)
{
	bool goes_on = false;

	if (flow->relay->loop->now_ms >= idle_due_ms(flow))
		flow_abort(flow);
	else if (settle_is_holding(flow))
		goes_on = settle_look(flow);
	else if (nudge_is_due(flow))
		goes_on = look_at_buffer(flow);
	else
		wait_for_idle(flow);
	if (!goes_on)
		return;
	wait_for_idle(flow);
	step_open(flow);
	if (flow->state == FLOW_OPEN && nudge_is_due(flow))
		nudge_watch(flow);
}

void transfer_on_timer(struct flow *flow)
{
	if (flow->state == FLOW_DRAIN)
		step_drain(flow);
	else
		on_open_timer(flow);
}
