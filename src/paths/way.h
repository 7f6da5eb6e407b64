/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ways: how the main table leads to a server by a path, and from which address of ours. Pure. */
#ifndef MPBRIDGE_WAY_H
#define MPBRIDGE_WAY_H

#include "paths/path.h"
#include "paths/snapshot.h"

/* How well a path leads to a server: the prefix length of the route plus one; 0: it does not. */
struct way {
	unsigned rank;
	uint32_t metric;
	const struct rt_route *route; /* NULL: by the configured gateway */
};

/* The best way to the server by the path's interface, or by its configured gateway. */
struct way way_find(const struct snapshot *snapshot, const struct path *path,
		    const struct address *server);

bool way_is_better(const struct way *a, const struct way *b);

/* Whether this route of the main table can be taken to the server. */
bool way_allows(const struct rt_route *route, const struct address *server);

/* The prefix length of the best routes to the server, over whatever interface; -1: none. */
int way_longest_prefix(const struct snapshot *snapshot, const struct address *server);

/*
 * Sets path->local to our address on the path for what goes to `server`: the configured one; or the
 * route's source; or the best of the interface's own, by way_score(). False: there is none of the
 * server's family; the path is as it was.
 */
bool way_choose_local(const struct snapshot *snapshot, struct path *path,
		      const struct address *server);

/* Sets path->local. False: `address` is NULL. */
bool way_set_local(struct path *path, const struct rt_address *address);

/*
 * How good an address of ours is as a source: global before link-local, usable and lasting before
 * tentative, deprecated and temporary ones (IPv6), and in the subnet of `next_hop`, unless it is
 * NULL.
 */
unsigned way_score(const struct rt_address *address, const struct address *next_hop);

#endif
