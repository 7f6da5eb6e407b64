/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the scavenger's figures of a way say. Pure. */
#include "kernel/scavenger_path.h"

#include <string.h>

#define STALE_US 1000000ull

/* The figures of a round say nothing any more when there has been none for long: the flows are
 * gone, or have nothing to send. */
static bool is_fresh(const struct scavenger_way *way, uint64_t now_us)
{
	return now_us - way->rate_us < STALE_US;
}

void scavenger_path_of(const struct scavenger_way *way, uint64_t now_us, struct scavenger_path *out)
{
	bool has_others = now_us < way->until_us ||
			  (is_fresh(way, now_us) && way->queue_us > SCAVENGER_LOW_US);

	memset(out, 0, sizeof(*out));
	out->base_us = scavenger_base_us(way);
	out->queue_us = way->queue_us;
	out->capacity = way->capacity;
	out->rate = is_fresh(way, now_us) ? way->rate : 0;
	if (has_others && out->capacity > out->rate)
		out->others = out->capacity - out->rate;
	out->yields = way->yields;
	out->yielded_ms = way->yielded_us / 1000;
	out->until_ms = (way->until_us + 999) / 1000;
}
