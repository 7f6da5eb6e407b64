/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan: what has to be done to get from what the kernel holds to what is wanted. Pure. */
#ifndef MPBRIDGE_PLAN_H
#define MPBRIDGE_PLAN_H

#include "paths/snapshot.h"
#include "paths/wanted.h"

/* In the order in which a plan does them: what uses another thing goes first, and comes last. */
enum plan_kind {
	PLAN_DELETE_ENDPOINT,
	PLAN_RELEASE_ENDPOINT, /* not ours any more, but another process of ours needs it */
	PLAN_DELETE_RULE,
	PLAN_DELETE_ROUTE,
	PLAN_ADD_ROUTE,
	PLAN_ADD_RULE,
	PLAN_RAISE_LIMITS,
	PLAN_ADD_ENDPOINT,
	PLAN_CHANGE_ENDPOINT, /* whether it is a backup */
	PLAN_SHARE_ENDPOINT,  /* another process of ours made it: from now on it is ours, too */
	PLAN_REFUSE_ENDPOINT, /* nothing to do but to tell: somebody else's is in the way */
};

struct plan_step {
	enum plan_kind kind;
	union {
		struct rt_route route;
		struct rt_rule rule;
		struct mptcp_endpoint endpoint; /* with an id */
		struct mptcp_limits limits;
	};
	bool replaces_implicit; /* PLAN_ADD_ENDPOINT: the kernel has to be left to choose this id */
};

struct plan ARRAY_OF(struct plan_step);

/*
 * Adds the steps from `actual` to `wanted` (NULL: to nothing at all). Ours are the routes and rules
 * with our mark in this slot's tables, and the endpoints in `owned`; everything else stays as it
 * is. An endpoint of ours is taken away only if its path is gone and another is left, if it needs
 * other flags and nothing uses it, or at the end. 0 or -ENOMEM.
 */
int plan_make(struct plan *plan, const struct snapshot *actual, const struct wanted *wanted,
	      unsigned slot, const struct mptcp_endpoints *owned);

/* Adds the steps that remove the marked routes and rules of one slot. 0 or -ENOMEM. */
int plan_sweep(struct plan *plan, const struct snapshot *actual, unsigned slot);

/*
 * Adds the steps that remove the endpoints in `left` that are there unchanged: address, id, flags.
 * 0 or -ENOMEM.
 */
int plan_sweep_endpoints(struct plan *plan, const struct snapshot *actual,
			 const struct mptcp_endpoints *left);

void plan_exit(struct plan *plan);

#endif
