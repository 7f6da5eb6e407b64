/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listeners: take connections in, and stop for a while when descriptors run out. */
#include "relay/listener.h"

#include "kernel/socket.h"
#include "relay/dispatch.h"
#include "relay/flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation. A listener accepts until EAGAIN, in turns, so that running flows are served
 * between. A flow needs two descriptors, and some must be left for pipes: when there are not
 * enough, or the kernel says so, the listener pauses. What comes meanwhile waits in the backlog and
 * works once a flow has ended; the listener then goes on by itself, for the edge that told of it is
 * gone.
 */

#define ACCEPTS_IN_A_TURN 64
#define FDS_FOR_PIPES	  8
#define RETRY_MS	  100

struct listener {
	struct watch watch;
	struct task go_on;
	struct timer retry; /* for a shortage that is not ours: the whole system's, or memory */
	struct relay *relay;
	bool is_paused;
};

/* Idle pipes are part of what is left for pipes: else each of them would keep a connection out. */
static bool take_descriptors(struct relay *relay)
{
	uint32_t left = relay->budget.available + pipe_pool_idle_fds(&relay->pipes);

	return left >= FLOW_FDS + FDS_FOR_PIPES && budget_take(&relay->budget, FLOW_FDS);
}

static void pause_accepting(struct listener *listener)
{
	struct relay *relay = listener->relay;

	listener->is_paused = true;
	relay_notice(
		relay, NOTICE_NO_DESCRIPTORS,
		"out of descriptors (the limit is %u) with %u flows: new connections wait until "
		"some end; raise the limit (ulimit -n, LimitNOFILE=)",
		relay->budget.limit, relay->n_flows);
	timer_arm(&relay->loop->timers, &listener->retry, relay->loop->now_ms + RETRY_MS);
}

static bool is_shortage(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

/* Whether to go on. Errors of the one connection (ECONNABORTED, ...) are skipped, see accept(2). */
static bool accept_one(struct listener *listener)
{
	struct relay *relay = listener->relay;
	struct address peer;
	int fd;

	if (!take_descriptors(relay)) {
		pause_accepting(listener);
		return false;
	}
	fd = socket_accept(listener->watch.fd, &peer);
	if (fd >= 0) {
		dispatch_start(relay, fd, &peer);
		return true;
	}
	budget_give(&relay->budget, FLOW_FDS);
	if (is_shortage(fd))
		pause_accepting(listener);
	return fd != -EAGAIN && !is_shortage(fd);
}

static void accept_turn(struct listener *listener)
{
	for (int i = 0; i < ACCEPTS_IN_A_TURN; i++)
		if (!accept_one(listener))
			return;
	loop_put(listener->relay->loop, &listener->go_on);
}

static void on_connection(struct watch *watch, uint32_t events)
{
	struct listener *listener = container_of(watch, struct listener, watch);

	(void)events;
	if (!listener->is_paused)
		accept_turn(listener);
}

static void go_on(struct task *task)
{
	struct listener *listener = container_of(task, struct listener, go_on);

	if (listener->watch.fd >= 0 && !listener->is_paused)
		accept_turn(listener);
}

static void resume(struct listener *listener)
{
	timer_cancel(&listener->relay->loop->timers, &listener->retry);
	listener->is_paused = false;
	loop_put(listener->relay->loop, &listener->go_on);
}

static void on_retry(struct timer *timer)
{
	resume(container_of(timer, struct listener, retry));
}

/* Descriptors came back, perhaps of a flow that ended. */
static void on_given(struct budget *budget)
{
	struct relay *relay = container_of(budget, struct relay, budget);

	if (budget->available < FLOW_FDS + FDS_FOR_PIPES)
		return;
	for (unsigned i = 0; i < relay->n_listeners; i++)
		if (relay->listeners[i].is_paused && relay->listeners[i].watch.fd >= 0)
			resume(&relay->listeners[i]);
}

int listeners_open(struct relay *relay, const int *fds, unsigned n)
{
	relay->listeners = calloc(n, sizeof(*relay->listeners));
	if (!relay->listeners)
		return -ENOMEM;
	relay->budget.on_given = on_given;
	for (unsigned i = 0; i < n; i++) {
		struct listener *listener = &relay->listeners[i];
		int error;

		listener->relay = relay;
		listener->watch.on_event = on_connection;
		task_init(&listener->go_on, go_on);
		timer_init(&listener->retry, on_retry);
		error = loop_watch(relay->loop, &listener->watch, fds[i]);
		if (error < 0) {
			listeners_close(relay);
			listeners_free(relay);
			return error;
		}
		relay->n_listeners++;
	}
	return 0;
}

void listeners_close(struct relay *relay)
{
	for (unsigned i = 0; i < relay->n_listeners; i++) {
		struct listener *listener = &relay->listeners[i];

		timer_cancel(&relay->loop->timers, &listener->retry);
		list_remove(&listener->go_on.node);
		loop_close(relay->loop, &listener->watch);
	}
}

void listeners_free(struct relay *relay)
{
	relay->budget.on_given = NULL;
	free(relay->listeners);
	relay->listeners = NULL;
	relay->n_listeners = 0;
}
