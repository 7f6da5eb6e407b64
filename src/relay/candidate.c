/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which path a connection's first subflow tries next. Pure. */
#include "relay/candidate.h"

#include <stddef.h>

/* The lower, the sooner. */
static int rank(const struct board_path *path)
{
	return (path->may_start ? 0 : 2) + (path->is_answering ? 0 : 1);
}

const struct board_path *candidate_next(const struct board_table *table, uint16_t tried)
{
	const struct board_path *best = NULL;

	for (uint32_t i = 0; i < table->n_paths; i++) {
		const struct board_path *path = &table->path[i];

		if (!(tried & (1u << path->place)) && (!best || rank(path) < rank(best)))
			best = path;
	}
	return best;
}

bool candidate_has_both_families(const struct board_table *table)
{
	for (uint32_t i = 1; i < table->n_paths; i++)
		if (table->path[i].server.family != table->path[0].server.family)
			return true;
	return false;
}

unsigned candidate_answering(const struct board_table *table)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < table->n_paths; i++)
		count += table->path[i].is_answering;
	return count;
}
