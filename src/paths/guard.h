/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guard: which paths would make the whole slower than the others are without them. Pure. */
#ifndef MPBRIDGE_GUARD_H
#define MPBRIDGE_GUARD_H

#include "paths/board.h"

#include <stdbool.h>
#include <stdint.h>

#define GUARD_PATHS_MAX BOARD_PATHS_MAX

/* What the guard remembers of a path. Starts as zeroes. */
struct guard_entry {
	bool is_guarded;
	uint64_t since_ms;
	uint64_t least_rtt_us; /* of the path without a queue, as far as that is known */
	uint64_t delay_us;     /* what it had to be guarded for */
	uint64_t harm_ms;      /* since when it does harm, by its rate; 0: it does not */
	uint64_t calm_ms;      /* since when it would do no harm; 0: it would */
	uint64_t pause_ms;     /* until it is tried again, after since_ms; doubles */
};

/* A path that is up, as it was lately; and what is remembered of it, with the verdict. */
struct guard_input {
	struct guard_entry *entry;
	uint64_t rate;	     /* bytes per second of the fastest flow there; 0: none was measured */
	uint64_t burst_rate; /* the same while it had something to carry; 0: not known */
	uint64_t rtt_us;     /* 0: unknown */
};

/*
 * Judges the n paths. buffer_bytes: how much of a stream may be under way at once. To be called now
 * and then while flows move.
 */
void guard_judge(const struct guard_input *input, unsigned n, uint64_t buffer_bytes,
		 uint64_t now_ms);

/* No flow moves: this round trip is the path's own. 0: it is not known. */
void guard_note_rest(struct guard_entry *entry, uint64_t rtt_us);

#endif
