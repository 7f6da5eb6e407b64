/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A snapshot: all that the kernel says at one moment about links, routes and MPTCP endpoints. */
#ifndef MPBRIDGE_SNAPSHOT_H
#define MPBRIDGE_SNAPSHOT_H

#include "kernel/mptcp_pm.h"
#include "kernel/rtnetlink.h"

/* Starts as zeroes. */
struct snapshot {
	struct rt_links links;
	struct rt_addresses addresses;
	struct rt_routes routes; /* unicast, of the main table and of all slots' */
	struct rt_rules rules;	 /* with our mark, of all slots */
	bool has_mptcp;
	struct mptcp_endpoints endpoints; /* everybody's */
	struct mptcp_limits limits;
	struct mptcp_endpoints shared; /* those that other processes of ours need (actor_look()) */
};

/*
 * Replaces what *snapshot holds. `pm` is NULL where there is no MPTCP. 0 or -errno; *snapshot is
 * empty after an error.
 */
int snapshot_take(struct snapshot *snapshot, struct netlink *route, struct mptcp_pm *pm);
void snapshot_exit(struct snapshot *snapshot);

/* The tables whose routes a snapshot holds. */
bool snapshot_wants_table(uint32_t table);

/* NULL: there is none. */
const struct rt_link *snapshot_link_named(const struct snapshot *snapshot, const char *name);
const struct rt_link *snapshot_link(const struct snapshot *snapshot, uint32_t ifindex);

/* The entry of `ip` on this interface (0: on any); NULL: it is not there. */
const struct rt_address *snapshot_address(const struct snapshot *snapshot, uint32_t ifindex,
					  const struct address *ip);

#endif
