/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Congestion control: which of the configured ones this kernel has. */
#ifndef MPBRIDGE_CONGESTION_H
#define MPBRIDGE_CONGESTION_H

#include "conf/conf.h"
#include "paths/path.h"

/* Those that were told to be missing. Starts as zeroes. */
struct congestion {
	unsigned n_missing;
	char missing[CONF_PATHS_MAX + 1][CONF_CONGESTION_BYTES];
};

/*
 * Takes the congestion control away from each path whose own one the kernel does not have, so that
 * the path works without it. One line in the log for each name; another only after it was there in
 * between.
 */
void congestion_check(struct congestion *congestion, struct paths *paths);

#endif
