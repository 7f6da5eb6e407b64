/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two MPTCP limits of a network namespace, which all of our processes there raise together. */
#ifndef MPBRIDGE_LIMITS_H
#define MPBRIDGE_LIMITS_H

#include "paths/ledger.h"

/*
 * Notes that the limits go from `actual` to `wanted`, which is at least as high.
 * Its "before" stays what the first of us found, unless somebody else has changed the limits since
 * our last change: then that somebody's are the ones to give back.
 */
void limits_note(struct ledger_limits *shared, const struct mptcp_limits *actual,
		 const struct mptcp_limits *wanted);

/*
 * Whether the last of us that leaves has to set the limits back to shared->before: we raised them,
 * and nobody else has changed them since.
 */
bool limits_are_ours(const struct ledger_limits *shared, const struct mptcp_limits *actual);

#endif
