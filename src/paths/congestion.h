/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Congestion control: which one each path has, of those that there are. */
#ifndef MPBRIDGE_CONGESTION_H
#define MPBRIDGE_CONGESTION_H

#include "conf/conf.h"
#include "paths/path.h"

#include <stdint.h>

/* Those that were told to be missing. Starts as zeroes. */
struct congestion {
	unsigned n_missing;
	char missing[CONF_PATHS_MAX + 1][CONF_CONGESTION_BYTES];
	uint64_t asked_ms[CONF_PATHS_MAX + 1]; /* when the kernel was last asked for it */
};

/*
 * Gives each secondary path that has not been given another one the scavenger's; where there is
 * none (NULL), "lp" (tcp_lp.c), if the kernel has that, or `otherwise`, that of other paths. The
 * spares get the same, or none in place of `otherwise`. Takes the congestion control away from each
 * path whose own one the kernel does not have, so that the path works without it. One line in the
 * log for each name that was given; another only after it was there in between. now_ms:
 * CLOCK_MONOTONIC.
 */
void congestion_choose(struct congestion *congestion, struct paths *paths, const char *scavenger,
		       const char *otherwise, uint64_t now_ms);

/* Whether a scavenger is needed for these paths. */
bool congestion_wants_scavenger(const struct paths *paths);

#endif
