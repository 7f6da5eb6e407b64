/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which path a connection's first subflow tries next. Pure. */
#include "relay/candidate.h"

#include <stddef.h>

/*
 * A SYN that is answered takes a round trip; some more for a busy machine. Where the round trip is
 * not known, the time is what RFC 8305 (section 8) recommends at least. A suspect gets just enough
 * to win if nothing is wrong with it.
 */
#define SUSPECT_MS 10u
#define UNKNOWN_MS 100u
#define LEAST_MS   40u
#define MOST_MS	   500u
#define SLACK_MS   30u

/* What is secondary is there to be used; a backup may be metered; what is guarded would harm the
 * stream, or others. As failover.c has it for running connections. */
static int reserve(const struct board_path *path)
{
	if (path->health == HEALTH_GUARDED)
		return 3;
	return path->is_backup ? 2 : path->is_secondary;
}

/* The lower, the sooner. */
static int rank(const struct board_path *path)
{
	return (path->health == HEALTH_DOWN ? 16 : 0) +
	       (path->may_start && !path->is_shut ? 0 : 8) + 2 * reserve(path) +
	       (path->health == HEALTH_SUSPECT);
}

/*
 * A server that refused may run again by now; if not, it says so at once. And where greetings are
 * answered, a connection is too: such a path is better than none.
 */
static bool is_worth_it(const struct board_path *path)
{
	return path->health != HEALTH_DOWN || path->reason == HEALTH_REFUSED ||
	       path->reason == HEALTH_STUCK || path->reason == HEALTH_FLAPPING;
}

static const struct board_path *best_of(const struct board_table *table, uint16_t tried,
					bool is_standby)
{
	const struct board_path *best = NULL;

	for (uint32_t i = 0; i < table->n_paths; i++) {
		const struct board_path *path = &table->path[i];

		if (path->is_standby == is_standby && is_worth_it(path) &&
		    !(tried & (1u << path->place)) && (!best || rank(path) < rank(best)))
			best = path;
	}
	return best;
}

const struct board_path *candidate_next(const struct board_table *table, uint16_t tried)
{
	return best_of(table, tried, false);
}

const struct board_path *candidate_standby(const struct board_table *table, uint16_t tried)
{
	const struct board_path *path = best_of(table, tried, true);

	return path && path->health != HEALTH_DOWN ? path : NULL;
}

uint32_t candidate_head_start_ms(const struct board_path *path)
{
	uint32_t ms = 2 * (path->rtt_us / 1000) + SLACK_MS;

	if (path->health == HEALTH_SUSPECT)
		return SUSPECT_MS;
	if (path->rtt_us == 0)
		return UNKNOWN_MS;
	if (ms < LEAST_MS)
		return LEAST_MS;
	return ms < MOST_MS ? ms : MOST_MS;
}

bool candidate_has_both_families(const struct board_table *table)
{
	for (uint32_t i = 1; i < table->n_paths; i++)
		if (table->path[i].server.family != table->path[i - 1].server.family &&
		    table->path[i].router == table->path[i - 1].router)
			return true;
	return false;
}

unsigned candidate_count(const struct board_table *table)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < table->n_paths; i++)
		count += !table->path[i].is_standby && table->path[i].health != HEALTH_DOWN;
	return count;
}
