/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel has to hold for a set of paths: routes, rules, endpoints, limits. Pure. */
#ifndef MPBRIDGE_WANTED_H
#define MPBRIDGE_WANTED_H

#include "conf/conf.h"
#include "paths/path.h"
#include "paths/snapshot.h"

/* Starts as zeroes. */
struct wanted {
	struct rt_routes routes; /* in the order in which they can be added */
	struct rt_rules rules;
	struct mptcp_endpoints endpoints; /* ids are 0: not chosen yet */
	/* What would be at addresses that open connections may use: an endpoint of ours that is
	 * there stays as it is. Those of a far router on standby are here only. */
	struct mptcp_endpoints in_use;
	struct mptcp_limits limits; /* at least; zeroes: no demands */
};

/*
 * Fills *wanted, which is empty, for these paths: path i has the slot's table i of `tables`. 0 or
 * -ENOMEM; *wanted is to be freed in either case.
 */
int wanted_build(struct wanted *wanted, const struct conf *conf, const struct snapshot *snapshot,
		 const struct paths *paths, unsigned slot, const uint32_t *tables);

void wanted_exit(struct wanted *wanted);

#endif
