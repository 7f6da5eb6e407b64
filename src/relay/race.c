/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A race: attempts of one flow to reach the far router or its destination, beside its first. */
#include "relay/race.h"

#include "kernel/socket.h"
#include "relay/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Theory of operation. The first attempt is the flow's own dialed side, so a flow that meets no bad
 * path, or no bad address, never makes a race. The others are here, each with a descriptor of the
 * budget. Whichever connects first is the dialed side from then on, and the rest are closed;
 * nothing has been sent on any of them by then, so nothing can be sent twice.
 */

struct attempt {
	struct watch watch;
	struct flow *flow;
	void (*on_result)(struct flow *flow, int error);
};

struct race {
	struct attempt attempt[BOARD_PATHS_MAX];
	struct attempt *winner;
};

static void close_attempt(struct attempt *attempt)
{
	struct relay *relay = attempt->flow->relay;

	if (attempt->watch.fd < 0)
		return;
	loop_close(relay->loop, &attempt->watch);
	budget_give(&relay->budget, 1);
}

static void on_event(struct watch *watch, uint32_t events)
{
	struct attempt *attempt = container_of(watch, struct attempt, watch);
	struct flow *flow = attempt->flow;
	int error;

	if (!(events & (EPOLLOUT | EPOLLERR | EPOLLHUP)))
		return;
	error = socket_connect_result(watch->fd);
	if (error == 0 && (events & (EPOLLERR | EPOLLHUP)))
		error = -ECONNRESET;
	if (error < 0)
		close_attempt(attempt);
	else
		flow->race->winner = attempt;
	attempt->on_result(flow, error);
}

static struct race *race_new(struct flow *flow)
{
	struct race *race = calloc(1, sizeof(*race));

	for (unsigned i = 0; race && i < BOARD_PATHS_MAX; i++) {
		race->attempt[i].flow = flow;
		race->attempt[i].watch = (struct watch){.fd = -1, .on_event = on_event};
	}
	return race;
}

static struct attempt *find_free(struct flow *flow)
{
	if (!flow->race)
		flow->race = race_new(flow);
	for (unsigned i = 0; flow->race && i < BOARD_PATHS_MAX; i++)
		if (flow->race->attempt[i].watch.fd < 0)
			return &flow->race->attempt[i];
	return NULL;
}

int race_add(struct flow *flow, int fd, void (*on_result)(struct flow *flow, int error))
{
	struct relay *relay = flow->relay;
	struct attempt *attempt = find_free(flow);
	int error = attempt ? 0 : -ENOMEM;

	if (!error && !budget_take(&relay->budget, 1))
		error = -EMFILE;
	if (error) {
		close(fd);
		return error;
	}
	attempt->on_result = on_result;
	error = loop_watch(relay->loop, &attempt->watch, fd);
	if (error) {
		close(fd);
		budget_give(&relay->budget, 1);
	}
	return error;
}

int race_win(struct flow *flow)
{
	struct relay *relay = flow->relay;
	struct attempt *winner = flow->race->winner;
	struct watch *dialed = &flow->side[flow_dialed_side(flow)].watch;
	int error;

	loop_close(relay->loop, dialed);
	error = loop_move(relay->loop, &winner->watch, dialed);
	if (!error)
		budget_give(&relay->budget, 1);
	race_close(flow);
	return error;
}

bool race_is_on(const struct flow *flow)
{
	for (unsigned i = 0; flow->race && i < BOARD_PATHS_MAX; i++)
		if (flow->race->attempt[i].watch.fd >= 0)
			return true;
	return false;
}

void race_close(struct flow *flow)
{
	for (unsigned i = 0; flow->race && i < BOARD_PATHS_MAX; i++)
		close_attempt(&flow->race->attempt[i]);
}

void race_free(struct flow *flow)
{
	free(flow->race);
	flow->race = NULL;
}
