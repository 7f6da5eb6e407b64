/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lookout: shows the guard what flows have measured, and does what it says. */
#include "paths/lookout.h"

#include "base/log.h"
#include "paths/retreat.h"

#define PACE_MS	       5000u /* what was measured before means nothing */
#define ASIDE_PROOF_MS 100u
#define ASIDE_MOST_MS  3000u
#define ASIDE_MS       500u /* for the server to have taken back what it announced */

static uint64_t higher(uint64_t one, const struct shared64 *other)
{
	uint64_t value = shared64_get(other);

	return value > one ? value : one;
}

/* The rates of the fastest flow there, lately, and the longest round trip. */
static struct guard_input find_pace(const struct monitors *monitors, uint8_t place)
{
	const struct board *board = monitors->board;
	struct guard_input found = {0};

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++) {
		const struct board_pace *pace = &board->worker[i].pace[place];
		uint64_t at_ms = shared64_get(&pace->at_ms);

		if (monitors->loop->now_ms > at_ms + PACE_MS)
			continue;
		found.rate = higher(found.rate, &pace->rate);
		found.burst_rate = higher(found.burst_rate, &pace->burst_rate);
		found.rtt_us = higher(found.rtt_us, &pace->rtt_us);
	}
	return found;
}

/* A path that was left to others has had no rate that means something. */
static bool has_yielded(const struct monitor *monitor, uint64_t now_ms)
{
	const struct courtesy *courtesy = &monitor->courtesy;

	return courtesy->is_secondary &&
	       (courtesy_is_away(courtesy) || now_ms < courtesy->yield.until_ms + PACE_MS);
}

/* What the guard has to know of each path that is up and that new connections use. */
static unsigned fill(struct failover *failover, struct guard_input *input,
		     struct monitor **monitors)
{
	unsigned n = 0;

	for (unsigned i = 0; i < MONITORS_MAX && n < GUARD_PATHS_MAX; i++) {
		struct monitor *monitor = &failover->monitors.monitor[i];
		const struct path *path = failover_path_of(failover, monitor);

		if (!path || path->role == CONF_BACKUP || monitor->health.state != HEALTH_UP ||
		    has_yielded(monitor, failover->monitors.loop->now_ms) ||
		    !failover_is_active(failover, monitor))
			continue;
		input[n] = find_pace(&failover->monitors, monitor->place);
		input[n].entry = &monitor->guard;
		if (monitor->health.trip.rtt_us > input[n].rtt_us)
			input[n].rtt_us = monitor->health.trip.rtt_us;
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

static double mbit(uint64_t bytes_per_s)
{
	return (double)bytes_per_s * 8 / 1e6;
}

static void say(const struct monitor *monitor, const struct guard_input *input, unsigned n,
		unsigned which)
{
	const struct guard_input *own = &input[which];
	uint64_t others = 0;

	for (unsigned i = 0; i < n; i++)
		others += i == which ? 0 : input[i].rate;
	if (own->entry->is_guarded)
		log_info("path %s: guarded: it would slow the others down, and is used only without"
			 " them (%.3g Mbit/s in %.3g ms beside %.3g Mbit/s)",
			 monitor->way.interface, mbit(own->rate), (double)own->rtt_us / 1000,
			 mbit(others));
	else
		log_info("path %s: guarded no more: it is tried again", monitor->way.interface);
}

void lookout_look(struct failover *failover)
{
	struct guard_input input[GUARD_PATHS_MAX];
	struct monitor *monitors[GUARD_PATHS_MAX];
	unsigned n = fill(failover, input, monitors);

	guard_judge(input, n, failover->buffer_bytes, failover->monitors.loop->now_ms);
	for (unsigned i = 0; i < n; i++)
		log_debug("guard: path %s: %llu bytes/s, %llu in bursts, %llu us",
			  monitors[i]->way.interface, (unsigned long long)input[i].rate,
			  (unsigned long long)input[i].burst_rate,
			  (unsigned long long)input[i].rtt_us);
	for (unsigned i = 0; i < n; i++) {
		if (monitors[i]->health.is_guarded != input[i].entry->is_guarded)
			say(monitors[i], input, n, i);
		monitor_set_guarded(monitors[i], input[i].entry->is_guarded);
	}
	for (unsigned i = 0; i < n; i++)
		step_aside(failover, monitors[i]);
}
