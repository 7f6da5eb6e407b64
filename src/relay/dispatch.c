/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dispatch: from a flow's event to the step of the state that it is in. The states are told in
 * flow.h. */
#include "relay/dispatch.h"

#include "relay/destination.h"
#include "relay/dial.h"
#include "relay/flow.h"
#include "relay/intercept.h"
#include "relay/request.h"
#include "relay/sealed.h"
#include "relay/transfer.h"

#include <unistd.h>

static void step(struct flow *flow, enum flow_side id, uint32_t events)
{
	switch (flow->state) {
	case FLOW_HEADER:
		request_step(flow);
		break;
	case FLOW_REFUSED:
		sealed_step_refused(flow);
		break;
	case FLOW_RESOLVE:
		destination_step(flow, id, events);
		break;
	case FLOW_DIAL:
		dial_step(flow, id, events);
		break;
	case FLOW_OPEN:
	case FLOW_DRAIN:
		transfer_step(flow, id, events);
		break;
	case FLOW_ENDED:
		break;
	}
}

static void on_side_event(struct flow *flow, enum flow_side id, uint32_t events)
{
	struct side *side = &flow->side[id];

	if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		side->is_readable = true;
	if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		side->is_writable = true;
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		side->is_hung_up = true;
	if (events & EPOLLPRI)
		lane_stop_splicing(&flow->lane[id]);
	step(flow, id, events);
}

static void on_lan_event(struct watch *watch, uint32_t events)
{
	on_side_event(container_of(watch, struct flow, side[LAN].watch), LAN, events);
}

static void on_wan_event(struct watch *watch, uint32_t events)
{
	on_side_event(container_of(watch, struct flow, side[WAN].watch), WAN, events);
}

static void on_timer(struct timer *timer)
{
	struct flow *flow = container_of(timer, struct flow, timer);

	switch (flow->state) {
	case FLOW_HEADER:
	case FLOW_REFUSED:
		request_on_timer(flow);
		break;
	case FLOW_RESOLVE:
		destination_on_timer(flow);
		break;
	case FLOW_DIAL:
		dial_on_timer(flow);
		break;
	case FLOW_OPEN:
	case FLOW_DRAIN:
		transfer_on_timer(flow);
		break;
	case FLOW_ENDED:
		break;
	}
}

static void on_task(struct task *task)
{
	struct flow *flow = container_of(task, struct flow, task);

	if (flow->state == FLOW_ENDED)
		flow_free(flow);
	else
		step(flow, LAN, 0);
}

static const struct flow_handlers handlers = {
	.on_lan_event = on_lan_event,
	.on_wan_event = on_wan_event,
	.on_timer = on_timer,
	.on_task = on_task,
};

void dispatch_start(struct relay *relay, int fd, const struct address *peer)
{
	struct flow *flow = flow_new(relay, &handlers);
	struct side *side;

	if (!flow) {
		close(fd);
		budget_give(&relay->budget, FLOW_FDS);
		return;
	}
	side = &flow->side[flow_accepted_side(flow)];
	if (loop_watch(relay->loop, &side->watch, fd) < 0) {
		close(fd);
		flow_abort(flow);
		return;
	}
	if (relay->conf->role == CONF_CLIENT)
		intercept_start(flow, peer);
	else
		request_start(flow, peer);
}
