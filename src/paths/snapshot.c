/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A snapshot: all that the kernel says at one moment about links, routes and MPTCP endpoints. */
#include "paths/snapshot.h"

#include "paths/slot.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

/* A dump that is torn by a change is asked for again this often, before the change settles it. */
#define ATTEMPTS 8

bool snapshot_wants_table(uint32_t table)
{
	return table == RT_TABLE_MAIN || slot_is_our_table(table);
}

static int read_all(struct snapshot *snapshot, struct netlink *route, struct mptcp_pm *pm)
{
	int error = rtnetlink_dump_links(route, &snapshot->links);

	if (!error)
		error = rtnetlink_dump_addresses(route, &snapshot->addresses);
	if (!error)
		error = rtnetlink_dump_routes(route, snapshot_wants_table, &snapshot->routes);
	if (!error)
		error = rtnetlink_dump_rules(route, &snapshot->rules);
	snapshot->has_mptcp = pm != NULL;
	if (!error && pm)
		error = mptcp_pm_dump(pm, &snapshot->endpoints);
	if (!error && pm)
		error = mptcp_pm_get_limits(pm, &snapshot->limits);
	return error;
}

int snapshot_take(struct snapshot *snapshot, struct netlink *route, struct mptcp_pm *pm)
{
	int error = -EAGAIN;

	for (int i = 0; i < ATTEMPTS && error == -EAGAIN; i++) {
		snapshot_exit(snapshot);
		error = read_all(snapshot, route, pm);
	}
	if (error)
		snapshot_exit(snapshot);
	return error;
}

void snapshot_exit(struct snapshot *snapshot)
{
	array_free(&snapshot->links);
	array_free(&snapshot->addresses);
	array_free(&snapshot->routes);
	array_free(&snapshot->rules);
	array_free(&snapshot->endpoints);
	array_free(&snapshot->shared);
}

const struct rt_link *snapshot_link_named(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->links.n; i++)
		if (strcmp(snapshot->links.item[i].name, name) == 0)
			return &snapshot->links.item[i];
	return NULL;
}

const struct rt_link *snapshot_link(const struct snapshot *snapshot, uint32_t ifindex)
{
	for (size_t i = 0; i < snapshot->links.n; i++)
		if (snapshot->links.item[i].ifindex == ifindex)
			return &snapshot->links.item[i];
	return NULL;
}

const struct rt_address *snapshot_address(const struct snapshot *snapshot, uint32_t ifindex,
					  const struct address *ip)
{
	for (size_t i = 0; i < snapshot->addresses.n; i++) {
		const struct rt_address *address = &snapshot->addresses.item[i];

		if ((ifindex == 0 || address->ifindex == ifindex) &&
		    address_ip_equal(&address->local, ip))
			return address;
	}
	return NULL;
}
