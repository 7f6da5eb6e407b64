/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Election: which of several far routers new connections go to. Pure. */
#ifndef MPBRIDGE_ELECTION_H
#define MPBRIDGE_ELECTION_H

#include "conf/conf.h"

#include <stdbool.h>
#include <stdint.h>

/* A preferred router is gone back to when a path to it has worked for so long, without a break. */
#define ELECTION_TRIAL_MS 5000u

/* Starts as zeroes: the first router is the active one. */
struct election {
	unsigned active;
	/* When each router was last without a path that works, that is when it began to have one;
	 * CLOCK_MONOTONIC. UINT64_MAX: it has none now. */
	uint64_t since_ms[CONF_SERVERS_MAX];
};

/*
 * Of n routers (at most CONF_SERVERS_MAX, the preferred ones first) `carries` says which have a
 * path that works at now_ms. When the active one has none, the first that has is active at once; if
 * none has, nothing changes. Returns whether the active one has changed.
 */
bool election_judge(struct election *election, const bool *carries, unsigned n, uint64_t now_ms);

/* When election_judge() may go back to a preferred router although nothing else has changed by
 * then; UINT64_MAX: never. */
uint64_t election_due_ms(const struct election *election);

#endif
