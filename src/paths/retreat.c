/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Retreat: running connections leave a path, and come back to it. */
#include "paths/retreat.h"

/*
 * Theory of operation. When a path goes down, running connections leave it: its own endpoint is
 * taken away, which closes its subflows and sends again by the others what they had in flight, and
 * the server is asked to take back what it announces there. When it is back, its subflows are made
 * once more: by adding the endpoint, or by asking the server to announce its address again.
 *
 * Neither is done while connections have nowhere else to be. Of the last path that works nothing is
 * closed; and where the others have been left or renewed themselves a moment ago, it waits until
 * connections have had time to join there. What is made anew for its own sake waits longer, for
 * each flow that workers see whose only subflow is there; and until all that says that the path is
 * lost has arrived, for the server is to hear of both in this order.
 *
 * To make subflows once more closes those that are there, so a connection that has just begun on
 * this path, and has no other subflow yet, would be lost. So the path is shut for new connections
 * from before that is done until the server has had time to do it; they begin on another path
 * meanwhile. Where the path was open until then, those that have begun there get time to join
 * elsewhere first.
 *
 * Where two far routers are reached from one local address, its endpoint serves the connections to
 * both; it is not taken away for one of them while the other's path works and is in use. But what
 * makes one path fail is mostly the link, so then the other is asked at once.
 */

#define KEPT_MS	     10000u /* for the subflows of another path to have joined */
#define JOIN_MS	     300u   /* and JOIN_TRIPS round trips: the same, at its quickest */
#define JOIN_TRIPS   6u
#define JOIN_MOST_MS 2000u /* after that, a path that is down is left by those who have joined */
#define RETRY_MS     50u
#define PROOF_MS     100u
#define ALONE_MS     100u /* some looks of a worker at its flows; see relay/evidence.c */
/* And round trips of the longest path: to join elsewhere, or to be announced again. */
#define SETTLE_MS    200u
#define SETTLE_TRIPS 4u

/* Another router's path from the same local address that works. NULL: there is none. */
static struct monitor *twin_of(struct failover *failover, const struct monitor *monitor)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		struct monitor *other = &failover->monitors.monitor[i];

		if (other->all && other->router != monitor->router &&
		    health_is_carrying(other->health.state) &&
		    address_ip_equal(&other->way.local, &monitor->way.local))
			return other;
	}
	return NULL;
}

/* Closes the subflows of the path's own endpoint, unless connections to another router live there.
 */
static void drop_endpoint(struct failover *failover, const struct monitor *monitor)
{
	const struct monitor *twin = twin_of(failover, monitor);

	if (!twin || !failover_is_in_use(failover, twin->router))
		actor_drop_endpoint(failover->actor, &monitor->way.local);
}

/* Asks the server, by each path that works, to take back what it announces for this one. */
static void report_lost(struct monitors *monitors, const struct monitor *lost)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		struct monitor *monitor = &monitors->monitor[i];

		if (monitor->all && monitor != lost && monitor->router == lost->router &&
		    health_is_carrying(monitor->health.state))
			monitor_say(monitor, GREETING_LOST, &lost->way.server);
	}
}

static unsigned count_paths(const struct failover *failover, uint8_t router)
{
	unsigned count = 0;

	for (unsigned i = 0; i < failover->paths->n; i++)
		count += failover->paths->path[i].router == router;
	return count;
}

bool retreat_has_joined(const struct failover *failover, const struct monitor *monitor)
{
	uint64_t trips_ms = JOIN_TRIPS * (uint64_t)monitor->health.trip.rtt_us / 1000;
	uint64_t since_ms = monitor->closed_ms;

	if (since_ms && monitor->back_ms > since_ms)
		since_ms = monitor->back_ms;
	return (since_ms == 0 ||
		failover->monitors.loop->now_ms >= since_ms + JOIN_MS + trips_ms) &&
	       !monitor_is_said(monitor, GREETING_BACK);
}

/* Whether a flow has been seen just now that has its only subflow there. */
static bool has_lone_flow(const struct failover *failover, const struct monitor *monitor)
{
	const struct monitors *all = &failover->monitors;

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		if (all->loop->now_ms <
		    shared64_get(&all->board->worker[i].alone_ms[monitor->place]) + ALONE_MS)
			return true;
	return false;
}

/* Whether all connections have come to be on `other`, as far as can be known. Where its subflows
 * were closed lately, a flow that workers see on the path in question alone has not. */
static bool has_all(const struct failover *failover, const struct monitor *other,
		    const struct monitor *but)
{
	bool is_long_ago = other->closed_ms == 0 ||
			   failover->monitors.loop->now_ms >= other->closed_ms + JOIN_MOST_MS;

	return retreat_has_joined(failover, other) &&
	       (is_long_ago || !has_lone_flow(failover, but));
}

/*
 * Whether connections have a subflow on another path to the same router that is up, and is not
 * being asked whether it still works: where two are silent at once, the wrong one may be given up
 * first. A connection whose last subflow is closed is lost: nothing joins it any more, since what
 * invites to that would have to come by a subflow, and its kernels end it after a minute
 * (net.mptcp.close_timeout).
 */
static bool stands_in(const struct failover *failover, const struct monitor *monitor,
		      const struct monitor *but)
{
	return monitor->all && monitor != but && monitor->router == but->router &&
	       monitor->health.state == HEALTH_UP && !health_is_urgent(&monitor->health) &&
	       has_all(failover, monitor, but);
}

static bool is_safe_to_close(const struct failover *failover, const struct monitor *but)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++)
		if (stands_in(failover, &failover->monitors.monitor[i], but))
			return true;
	return false;
}

/*
 * The same of what is closed for its own sake: a path that has just died is not suspected yet, so
 * one that stands in has to have shown signs of life a moment ago. Those that have not are asked.
 */
static bool has_proof(struct failover *failover, const struct monitor *but)
{
	uint64_t now_ms = failover->monitors.loop->now_ms;
	bool is_proven = false;

	for (unsigned i = 0; i < MONITORS_MAX && !is_proven; i++) {
		struct monitor *monitor = &failover->monitors.monitor[i];
		uint64_t trip_ms = monitor->health.trip.rtt_us / 1000;

		if (!stands_in(failover, monitor, but))
			continue;
		is_proven = now_ms <= monitor_proven_ms(monitor) + PROOF_MS + trip_ms;
		if (!is_proven && !monitor_is_said(monitor, GREETING_PROBE))
			monitor_say(monitor, GREETING_PROBE, NULL);
	}
	return is_proven;
}

/* Such a flow is waited for, but for one that never comes to be elsewhere not for ever. */
static bool is_needed(const struct failover *failover, struct monitor *monitor)
{
	uint64_t now_ms = failover->monitors.loop->now_ms;

	if (!has_lone_flow(failover, monitor)) {
		monitor->needed_ms = 0;
		return false;
	}
	if (monitor->needed_ms == 0)
		monitor->needed_ms = now_ms;
	return now_ms < monitor->needed_ms + KEPT_MS;
}

static void note_closed(const struct failover *failover, struct monitor *monitor)
{
	monitor->closed_ms = failover->monitors.loop->now_ms;
}

/* UINT64_MAX: there is no flow. */
static uint64_t oldest_flow_ms(const struct board *board)
{
	uint64_t oldest_ms = UINT64_MAX;

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++) {
		uint64_t ms = shared64_get(&board->worker[i].oldest_ms);

		if (ms > 0 && ms < oldest_ms)
			oldest_ms = ms;
	}
	return oldest_ms;
}

bool retreat_has_flows(const struct failover *failover)
{
	return oldest_flow_ms(failover->monitors.board) != UINT64_MAX;
}

/* How many of the closings the oldest connection has seen. */
static unsigned count_closings(const struct failover *failover)
{
	uint64_t oldest_ms = oldest_flow_ms(failover->monitors.board);
	unsigned count = 0;

	for (unsigned i = 0; i < MPTCP_PM_MOST; i++)
		count += failover->closing_ms[i] > 0 && failover->closing_ms[i] >= oldest_ms;
	return count;
}

static void note_closing(struct failover *failover)
{
	failover->closing_ms[failover->n_closings++ % MPTCP_PM_MOST] =
		failover->monitors.loop->now_ms;
}

void retreat_leave(struct failover *failover, struct monitor *monitor)
{
	unsigned n = count_paths(failover, monitor->router);
	unsigned most = n < MPTCP_PM_MOST - 1 ? MPTCP_PM_MOST - 1 - n : 0;

	note_closed(failover, monitor);
	if (monitor->is_follower)
		report_lost(&failover->monitors, monitor);
	if (monitor->is_follower && count_closings(failover) >= most)
		return;
	if (monitor->is_follower)
		note_closing(failover);
	drop_endpoint(failover, monitor);
}

/*
 * Leaves a path that is down, or if there is nowhere to go yet, as soon as there is: then
 * retreat_go_on() tries again. Of one that is absent the endpoint is taken away in any case.
 * Whether it was left.
 */
static bool try_to_leave(struct failover *failover, struct monitor *monitor)
{
	bool can_wait = monitor->health.state != HEALTH_ABSENT;

	monitor->is_waiting = can_wait && !is_safe_to_close(failover, monitor);
	if (monitor->is_waiting) {
		monitor_renew_later(monitor, RETRY_MS);
		return false;
	}
	if (!monitors_have_other(&failover->monitors, monitor))
		return false;
	retreat_leave(failover, monitor);
	return true;
}

/*
 * The subflows of the last path that worked were left alone, since the connections would have died
 * with them; so they are when it is the first to come back. Once another one works, too, they are
 * made anew: their own timers may have a long way to go.
 */
static void renew_kept(struct failover *failover, const struct monitor *but)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		struct monitor *monitor = &failover->monitors.monitor[i];

		if (!monitor->all || monitor == but || !monitor->has_kept)
			continue;
		monitor->has_kept = false;
		monitor_renew_later(monitor, KEPT_MS);
	}
}

static uint32_t settle_ms(const struct monitors *monitors, uint8_t router)
{
	uint32_t rtt_us = 0;

	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		const struct monitor *monitor = &monitors->monitor[i];

		if (monitor->all && monitor->router == router &&
		    monitor->health.trip.rtt_us > rtt_us &&
		    health_is_carrying(monitor->health.state))
			rtt_us = monitor->health.trip.rtt_us;
	}
	return SETTLE_MS + SETTLE_TRIPS * (rtt_us / 1000);
}

void retreat_shut(struct failover *failover, struct monitor *monitor)
{
	monitor_shut(monitor, settle_ms(&failover->monitors, monitor->router));
}

void retreat_prepare(struct failover *failover, struct monitor *monitor)
{
	uint32_t ms = settle_ms(&failover->monitors, monitor->router);

	monitor_shut(monitor, 2 * ms);
	monitor_renew_later(monitor, ms);
	failover->on_change(failover, false);
}

/*
 * Its subflows are closed, if there are any, and made once more; but not the last of a connection:
 * retreat_go_on() tries again. Whether they were.
 */
static bool renew(struct failover *failover, struct monitor *monitor)
{
	monitor->has_kept = !monitors_have_other(&failover->monitors, monitor);
	if (monitor->has_kept) {
		monitor->needed_ms = 0;
		return false;
	}
	if (!is_safe_to_close(failover, monitor) || is_needed(failover, monitor) ||
	    monitor_is_said(monitor, GREETING_LOST) || !has_proof(failover, monitor)) {
		monitor_renew_later(monitor, RETRY_MS);
		return false;
	}
	monitor->needed_ms = 0;
	note_closed(failover, monitor);
	if (monitor->is_follower)
		monitor_say(monitor, GREETING_BACK, NULL);
	else
		drop_endpoint(failover, monitor);
	retreat_shut(failover, monitor);
	return true;
}

void retreat_bring_back(struct failover *failover, struct monitor *monitor)
{
	monitor->is_waiting = false;
	monitor_renew_not(monitor);
	if (!retreat_has_flows(failover))
		return; /* nothing is to be brought back, and what begins now joins by itself */
	renew_kept(failover, monitor);
	renew(failover, monitor);
}

bool retreat_go_on(struct failover *failover, struct monitor *monitor)
{
	if (!health_is_carrying(monitor->health.state))
		return monitor->is_waiting && try_to_leave(failover, monitor);
	if (!monitor_is_shut(monitor) && monitors_have_other(&failover->monitors, monitor)) {
		retreat_prepare(failover, monitor);
		return false;
	}
	return renew(failover, monitor);
}

void retreat_lose(struct failover *failover, struct monitor *monitor)
{
	struct monitor *twin = twin_of(failover, monitor);

	monitor->needed_ms = 0;
	try_to_leave(failover, monitor);
	if (twin)
		monitor_doubt(twin, DOUBT_SILENT);
}
