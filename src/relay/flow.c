/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A flow: one intercepted connection, from its accept to its end. The states are told in flow.h. */
#include "relay/flow.h"

#include "kernel/socket.h"
#include "relay/destination.h"
#include "relay/dialog.h"
#include "relay/lobby.h"
#include "relay/race.h"
#include "relay/unblock.h"

#include <stdlib.h>

/*
 * Theory of operation. What every state's file needs of a flow: which side is which, to enter a
 * state, to end. A flow is idle most of its life, so it holds neither pipe nor buffer then. Its
 * sockets reset when they are closed; only flow_end() calls that off.
 */

static void init_lanes(struct flow *flow)
{
	bool copies = flow->relay->conf->forward == CONF_FORWARD_COPY;

	for (int id = 0; id < FLOW_SIDES; id++)
		lane_init(&flow->lane[id], copies ? LANE_COPY : LANE_SPLICE);
}

/* Flows are appended, so the first one is the oldest. */
static void tell_oldest(struct relay *relay)
{
	uint64_t began_ms = 0;

	if (!list_is_empty(&relay->flows))
		began_ms = container_of(relay->flows.next, struct flow, node)->began_ms;
	shared64_set(&relay->counters->oldest_ms, began_ms);
}

struct flow *flow_new(struct relay *relay, const struct flow_handlers *handlers)
{
	struct flow *flow = calloc(1, sizeof(*flow));

	if (!flow)
		return NULL;
	flow->relay = relay;
	flow->side[LAN].watch = (struct watch){.fd = -1, .on_event = handlers->on_lan_event};
	flow->side[WAN].watch = (struct watch){.fd = -1, .on_event = handlers->on_wan_event};
	lobby_init_flow(flow);
	list_init(&flow->unblock_node);
	init_lanes(flow);
	flow->state = FLOW_DIAL;
	task_init(&flow->task, handlers->on_task);
	timer_init(&flow->timer, handlers->on_timer);
	flow->began_ms = relay->loop->now_ms;
	list_append(&relay->flows, &flow->node);
	tell_oldest(relay);
	relay->n_flows++;
	return flow;
}

void flow_count(struct flow *flow)
{
	flow->is_counted = true;
	shared64_add(&flow->relay->counters->flows_started, 1);
}

enum flow_side flow_accepted_side(const struct flow *flow)
{
	return flow->relay->conf->role == CONF_CLIENT ? LAN : WAN;
}

enum flow_side flow_dialed_side(const struct flow *flow)
{
	return flow->relay->conf->role == CONF_CLIENT ? WAN : LAN;
}

enum flow_side flow_other_side(enum flow_side id)
{
	return id == LAN ? WAN : LAN;
}

void flow_set_state(struct flow *flow, enum flow_state state, uint64_t due_in_ms)
{
	struct loop *loop = flow->relay->loop;

	flow->state = state;
	flow->since_ms = loop->now_ms;
	timer_arm(&loop->timers, &flow->timer, loop->now_ms + due_in_ms);
}

void flow_free(struct flow *flow)
{
	struct relay *relay = flow->relay;

	list_remove(&flow->node);
	tell_oldest(relay);
	race_free(flow);
	dialog_free(flow->dialog);
	free(flow);
	relay->n_flows--;
	budget_give(&relay->budget, FLOW_FDS);
	if (relay->is_draining && relay->n_flows == 0)
		relay->on_idle(relay);
}

static void leave_router(struct flow *flow)
{
	struct board_counters *counters = flow->relay->counters;

	if (flow->dialed_ms == 0)
		return;
	shared64_add(&counters->flows_to[flow->router], (uint64_t)-1);
	shared64_set(&counters->left_ms[flow->router], flow->relay->loop->now_ms);
}

static void close_sides(struct flow *flow)
{
	struct loop *loop = flow->relay->loop;

	for (int id = 0; id < FLOW_SIDES; id++) {
		lane_discard(&flow->lane[id], &flow->relay->pools);
		loop_close(loop, &flow->side[id].watch);
	}
	race_close(flow);
	lobby_leave(flow);
	destination_leave(flow);
	evidence_forget(&flow->relay->evidence, flow);
	unblock_leave(&flow->relay->unblock, flow);
	timer_cancel(&loop->timers, &flow->timer);
	if (flow->is_counted)
		shared64_add(&flow->relay->counters->flows_ended, 1);
	leave_router(flow);
	flow->state = FLOW_ENDED;
	loop_put(loop, &flow->task);
}

void flow_end(struct flow *flow)
{
	for (int id = 0; id < FLOW_SIDES; id++)
		socket_end_cleanly(flow->side[id].watch.fd);
	close_sides(flow);
}

/* Closing without socket_end_cleanly() resets. */
void flow_abort(struct flow *flow)
{
	if (flow->state != FLOW_ENDED)
		close_sides(flow);
}
