/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Retreat: running connections leave a path, and come back to it. */
#ifndef MPBRIDGE_RETREAT_H
#define MPBRIDGE_RETREAT_H

#include "paths/failover.h"

/* The path is down or absent: it is left, as soon as that can be done. */
void retreat_lose(struct failover *failover, struct monitor *monitor);

/* It carries again: its subflows are made anew. */
void retreat_bring_back(struct failover *failover, struct monitor *monitor);

/* New connections keep away from it, until its subflows can have been made anew. */
void retreat_shut(struct failover *failover, struct monitor *monitor);

/*
 * A path that is up is to have its subflows made anew: it is shut, and retreat_go_on() does the
 * rest once those that have just begun there have joined elsewhere.
 */
void retreat_prepare(struct failover *failover, struct monitor *monitor);

/* What monitor_renew_later() was called for here. Whether something was done. */
bool retreat_go_on(struct failover *failover, struct monitor *monitor);

/*
 * Closes the subflows there. To do it here and now is quicker by some round trips than to ask the
 * server for it; but if they follow announcements, each connection can afford that a few times only
 * (announce.c).
 */
void retreat_leave(struct failover *failover, struct monitor *monitor);

/* Whether there are any connections. */
bool retreat_has_flows(const struct failover *failover);

/* Whether connections that ran when it was last left or renewed are there by now. */
bool retreat_has_joined(const struct failover *failover, const struct monitor *monitor);

#endif
