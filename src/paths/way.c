/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ways: how the main table leads to a server by a path, and from which address of ours. */
#include "paths/way.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

bool way_allows(const struct rt_route *route, const struct address *server)
{
	return route->table == RT_TABLE_MAIN && !route->is_dead &&
	       network_contains(&route->to, server);
}

bool way_is_better(const struct way *a, const struct way *b)
{
	return a->rank > b->rank || (a->rank == b->rank && a->rank && a->metric < b->metric);
}

struct way way_find(const struct snapshot *snapshot, const struct path *path,
		    const struct address *server)
{
	struct way best = {0};

	if (path->gateway.family == server->family)
		best.rank = 1;
	for (size_t i = 0; i < snapshot->routes.n; i++) {
		const struct rt_route *route = &snapshot->routes.item[i];
		struct way way = {route->to.prefix_len + 1u, route->metric, route};

		if (route->ifindex == path->ifindex && way_allows(route, server) &&
		    way_is_better(&way, &best))
			best = way;
	}
	return best;
}

int way_longest_prefix(const struct snapshot *snapshot, const struct address *server)
{
	int longest = -1;

	for (size_t i = 0; i < snapshot->routes.n; i++) {
		const struct rt_route *route = &snapshot->routes.item[i];

		if (way_allows(route, server) && route->to.prefix_len > longest)
			longest = route->to.prefix_len;
	}
	return longest;
}

/* ---- local addresses ---- */

static bool is_ready(const struct rt_address *address)
{
	return !(address->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) ||
	       (address->flags & IFA_F_OPTIMISTIC);
}

unsigned way_score(const struct rt_address *address, const struct address *next_hop)
{
	const uint32_t poor = IFA_F_DADFAILED | IFA_F_DEPRECATED | IFA_F_TEMPORARY;
	bool is_poor = !is_ready(address) ||
		       (address->local.family == AF_INET6 && (address->flags & poor));

	return 1 + (next_hop && network_contains(&address->subnet, next_hop) ? 1 : 0) +
	       (is_poor ? 0 : 2) + (address->scope < RT_SCOPE_LINK ? 4 : 0);
}

/* The interface's best address of a family; of equals, the first. NULL: none. */
static const struct rt_address *best_address(const struct snapshot *snapshot, uint32_t ifindex,
					     sa_family_t family, const struct address *next_hop)
{
	const struct rt_address *best = NULL;

	for (size_t i = 0; i < snapshot->addresses.n; i++) {
		const struct rt_address *address = &snapshot->addresses.item[i];

		if (address->ifindex != ifindex || address->local.family != family)
			continue;
		if (!best || way_score(address, next_hop) > way_score(best, next_hop))
			best = address;
	}
	return best;
}

bool way_set_local(struct path *path, const struct rt_address *address)
{
	if (!address)
		return false;
	path->local = address->local;
	path->is_local_ready = is_ready(address);
	return true;
}

/* Our address on the path, as the source of what goes to `server`. */
bool way_choose_local(const struct snapshot *snapshot, struct path *path,
		      const struct address *server)
{
	struct way way = way_find(snapshot, path, server);
	const struct address *next_hop = server;
	const struct rt_address *found = NULL;

	if (path->fixed.family)
		return path->fixed.family == server->family &&
		       way_set_local(path, snapshot_address(snapshot, path->ifindex, &path->fixed));
	if (way.route && way.route->source.family == server->family)
		found = snapshot_address(snapshot, path->ifindex, &way.route->source);
	if (found)
		return way_set_local(path, found);
	if (way.route && way.route->gateway.family == server->family)
		next_hop = &way.route->gateway;
	else if (path->gateway.family == server->family)
		next_hop = &path->gateway;
	return way_set_local(path, best_address(snapshot, path->ifindex, server->family, next_hop));
}
