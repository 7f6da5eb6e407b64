/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lookout: shows the guard what flows have measured, and does what it says. */
#include "paths/lookout.h"

#include "base/log.h"
#include "paths/retreat.h"

#define PACE_MS	       5000u /* what was measured before means nothing */
#define ASIDE_PROOF_MS 100u
#define ASIDE_MOST_MS  3000u
#define ASIDE_MS       500u /* for the server to have taken back what it announced */

/* Bytes per second of the fastest flow there, lately, and the longest round trip. */
static uint64_t find_pace(const struct monitors *monitors, uint8_t place, uint64_t *rtt_us)
{
	const struct board *board = monitors->board;
	uint64_t peak = 0;

	*rtt_us = 0;
	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++) {
		const struct board_pace *pace = &board->worker[i].pace[place];
		uint64_t rate = atomic_load_explicit(&pace->rate, memory_order_relaxed);
		uint64_t rtt = atomic_load_explicit(&pace->rtt_us, memory_order_relaxed);
		uint64_t at_ms = atomic_load_explicit(&pace->at_ms, memory_order_relaxed);

		if (monitors->loop->now_ms > at_ms + PACE_MS)
			continue;
		peak = rate > peak ? rate : peak;
		*rtt_us = rtt > *rtt_us ? rtt : *rtt_us;
	}
	return peak;
}

/* What the guard has to know of each path that is up and that new connections use. */
static unsigned fill(struct failover *failover, struct guard_input *input,
		     struct monitor **monitors)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MONITORS_MAX && n < GUARD_PATHS_MAX; i++) {
		struct monitor *monitor = &failover->monitors.monitor[i];
		const struct path *path = failover_path_of(failover, monitor);
		uint64_t rtt_us;

		if (!path || path->role == CONF_BACKUP || monitor->health.state != HEALTH_UP ||
		    !failover_is_active(failover, monitor))
			continue;
		input[n].entry = &monitor->guard;
		input[n].rate = find_pace(&failover->monitors, monitor->place, &rtt_us);
		input[n].rtt_us =
			rtt_us > monitor->health.trip.rtt_us ? rtt_us : monitor->health.trip.rtt_us;
		monitors[n++] = monitor;
	}
	return n;
}

/* What arrives earlier may have been under way when the path died. */
static uint64_t proof_ms(const struct monitor *monitor)
{
	return ASIDE_PROOF_MS + 2 * (uint64_t)monitor->health.trip.rtt_us / 1000;
}

/* Whether another path has shown signs of life after this one was guarded. */
static bool has_proven_other(const struct failover *failover, const struct monitor *but)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		const struct monitor *monitor = &failover->monitors.monitor[i];

		if (monitor->all && monitor != but && monitor->router == but->router &&
		    health_shown(&monitor->health) == HEALTH_UP &&
		    !health_is_urgent(&monitor->health) && retreat_has_joined(failover, monitor) &&
		    monitor_proven_ms(monitor) >= but->aside_ms + proof_ms(monitor))
			return true;
	}
	return false;
}

/*
 * What a slow path has in flight would hold up the others for longest: its subflows are made anew.
 * Round trips become long, too, when another path has just died: it is made sure that it has not.
 */
static void step_aside(struct failover *failover, struct monitor *monitor)
{
	uint64_t now_ms = failover->monitors.loop->now_ms;
	bool is_guarded = monitor->all && health_shown(&monitor->health) == HEALTH_GUARDED;

	if (monitor->aside_ms == 0)
		return;
	if (!is_guarded || now_ms > monitor->aside_ms + ASIDE_MOST_MS) {
		monitor->aside_ms = 0;
	} else if (has_proven_other(failover, monitor)) {
		monitor->aside_ms = 0;
		retreat_leave(failover, monitor);
		if (monitor->is_follower)
			monitor_renew_later(monitor, ASIDE_MS);
		failover->on_change(failover, true);
	}
}

void lookout_rest(struct failover *failover)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		struct monitor *monitor = &failover->monitors.monitor[i];

		if (monitor->all)
			guard_note_rest(&monitor->guard, monitor->health.trip.rtt_us);
	}
}

void lookout_look(struct failover *failover)
{
	struct guard_input input[GUARD_PATHS_MAX];
	struct monitor *monitors[GUARD_PATHS_MAX];
	unsigned n = fill(failover, input, monitors);

	guard_judge(input, n, failover->buffer_bytes, failover->monitors.loop->now_ms);
	for (unsigned i = 0; i < n; i++)
		log_debug("guard: path %s: %llu bytes/s, %llu us", monitors[i]->way.interface,
			  (unsigned long long)input[i].rate, (unsigned long long)input[i].rtt_us);
	for (unsigned i = 0; i < n; i++)
		monitor_set_guarded(monitors[i], monitors[i]->guard.is_guarded);
	for (unsigned i = 0; i < n; i++)
		step_aside(failover, monitors[i]);
}
