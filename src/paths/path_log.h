/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of the paths: what is said of those that came, and of those that went. */
#ifndef MPBRIDGE_PATH_LOG_H
#define MPBRIDGE_PATH_LOG_H

#include "conf/conf.h"
#include "paths/path.h"
#include "paths/snapshot.h"

#include <stdbool.h>

/* Starts as zeroes. */
struct path_log {
	bool has_begun; /* until then all that the configuration has is missed */
	bool has_told_left_out;
	bool has_told_addresses;
};

/*
 * Tells how the paths differ from those before, why an interface has none any more (`snapshot` is
 * what they were derived from), and of what there is no room for when that begins to be so.
 */
void path_log_follow(struct path_log *log, const struct conf *conf, const struct snapshot *snapshot,
		     const struct paths *before, const struct paths *now);

#endif
