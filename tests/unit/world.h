/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A made-up router: snapshots and configurations from short texts, and paths back to text. */
#ifndef MPBRIDGE_WORLD_H
#define MPBRIDGE_WORLD_H

#include "suite.h"

#include "conf/conf.h"
#include "paths/path.h"
#include "paths/snapshot.h"

#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

/* Interfaces of these tests: their index is their place. */
static const char *const world_names[] = {"", "lo", "wan1", "wan2", "wan3", "lan"};

enum { LO = 1, WAN1, WAN2, WAN3, LAN };

static inline struct address world_ip(const char *text)
{
	struct address address;

	assert_true(address_parse(text, &address));
	return address;
}

static inline struct network world_net(const char *text)
{
	struct network network;

	assert_true(network_parse(text, &network));
	return network;
}

static inline struct rt_link *world_link(struct snapshot *snapshot, uint32_t ifindex)
{
	struct rt_link *link = array_append(&snapshot->links);

	*link = (struct rt_link){.ifindex = ifindex, .is_loopback = ifindex == LO, .is_up = true};
	strcpy(link->name, world_names[ifindex]);
	return link;
}

/* An address with its subnet, as "10.0.0.1/24"; the link is made if it is not there. */
static inline struct rt_address *world_address(struct snapshot *snapshot, uint32_t ifindex,
					       const char *text)
{
	struct rt_address *address = array_append(&snapshot->addresses);

	if (!snapshot_link(snapshot, ifindex))
		world_link(snapshot, ifindex);
	address->ifindex = ifindex;
	address->subnet = world_net(text);
	address->local = address->subnet.base;
	address->scope = address_is_link_local(&address->local) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
	return address;
}

/* A route of the main table; `gateway` may be NULL. The pointer is good until the next call. */
static inline struct rt_route *world_route(struct snapshot *snapshot, uint32_t ifindex,
					   const char *to, const char *gateway, uint32_t metric)
{
	struct rt_route *route = array_append(&snapshot->routes);

	route->table = RT_TABLE_MAIN;
	route->to = world_net(to);
	route->ifindex = ifindex;
	route->metric = metric;
	route->scope = gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	if (gateway)
		route->gateway = world_ip(gateway);
	return route;
}

/* An interface with an address in a connected subnet. */
static inline void world_subnet(struct snapshot *snapshot, uint32_t ifindex, const char *own,
				const char *subnet)
{
	world_address(snapshot, ifindex, own);
	world_route(snapshot, ifindex, subnet, NULL, 0);
}

static inline void world_server(struct conf *conf, const char *text)
{
	conf->server[conf->n_servers++].address = world_ip(text);
	conf->server_port = 8388;
}

/* One of a further far router, whose addresses come after those of the ones before. */
static inline void world_router(struct conf *conf, uint8_t router, const char *text)
{
	world_server(conf, text);
	conf->server[conf->n_servers - 1].router = router;
	conf->n_routers = router + 1u;
}

/* A configured path; `address` and `gateway` may be NULL. */
static inline void world_path(struct conf *conf, const char *interface, const char *address,
			      const char *gateway)
{
	struct conf_path *path = &conf->path[conf->n_paths++];

	strcpy(path->interface, interface);
	if (address)
		path->address = world_ip(address);
	if (gateway)
		path->gateway = world_ip(gateway);
}

static inline const char *world_endpoint_text(enum path_endpoint endpoint)
{
	switch (endpoint) {
	case PATH_ENDPOINT_NONE:
		return "none";
	case PATH_ENDPOINT_NAME:
		return "name";
	case PATH_ENDPOINT_DIAL:
		return "dial";
	case PATH_ENDPOINT_ANNOUNCE:
		return "announce";
	}
	return "";
}

/* One line for each path: "wan1 LOCAL > SERVER name start". */
static inline const char *world_paths_text(const struct paths *paths, char text[static 1024])
{
	char local[ADDRESS_TEXT_BYTES], server[ADDRESS_TEXT_BYTES];
	size_t length = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < paths->n; i++) {
		const struct path *path = &paths->path[i];

		length += (size_t)snprintf(text + length, 1024 - length, "%s %s > %s %s%s\n",
					   path->interface, address_format_ip(&path->local, local),
					   address_format_ip(&path->server, server),
					   world_endpoint_text(path->endpoint),
					   path->may_start ? " start" : "");
	}
	return text;
}

#endif
