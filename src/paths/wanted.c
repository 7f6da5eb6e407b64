/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel has to hold for a set of paths: routes, rules, endpoints, limits. */
#include "paths/wanted.h"

#include "kernel/metrics.h"
#include "paths/slot.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

/*
 * Theory of operation. Each path has a table of its own, with copies of the main table's routes
 * that leave by its interface, and rules that send our own connections there, and nobody else's.
 * They match address, protocol and port, because that is all that a subflow's SYN has in common
 * with the socket it belongs to: the kernel makes it as user 0, without a mark, and without a
 * source address where it follows an announcement.
 *
 *   client   from LOCAL to SERVER, port P    a connection or an endpoint that is bound to the path
 *            to SERVER, port P               a subflow that follows an announcement
 *   server   from LOCAL, port P              every reply
 *
 * Where a table has no match, the kernel goes on to the main table. A server's replies go to
 * anybody, so there the table must not lead to a host by its default route that the main table
 * reaches by a better one over another link: such destinations are thrown on to the main table.
 *
 * A path's congestion control is a metric of its routes: the kernel gives it to each subflow that
 * leaves by them. Where a client calls its link secondary, a server's table has a route to its
 * address alone, a copy of the one by which packets went there before, with one that yields.
 */

/* A server may answer anybody, so it copies all routes; of more than so many, only those it cannot
 * miss. */
#define ROUTES_MOST 1024

/* The kernel's default for an IPv6 route, and IPv4's (net/ipv6/route.c, IP6_RT_PRIO_USER). */
#define METRIC_IPV6 1024
#define METRIC_IPV4 0

struct build {
	struct wanted *wanted;
	const struct conf *conf;
	const struct snapshot *snapshot;
	unsigned slot;
};

/* ---- routes ---- */

static struct network host(const struct address *address)
{
	struct network network = {.base = *address};

	network.base.port = 0;
	network.prefix_len = (uint8_t)(address_ip_bytes(address) * 8);
	return network;
}

static bool leads_to_server(const struct conf *conf, const struct path *path,
			    const struct rt_route *route)
{
	for (unsigned s = 0; s < conf->n_servers; s++)
		if ((path->reaches & (1u << s)) &&
		    network_contains(&route->to, &conf->server[s].address))
			return true;
	return false;
}

/* Whether the route is of the main table and matters for the path: of its family, and not
 * link-local. */
static bool is_relevant(const struct rt_route *route, const struct path *path)
{
	return route->table == RT_TABLE_MAIN && !route->is_dead &&
	       route->to.base.family == path->local.family &&
	       !(route->to.base.family == AF_INET6 && address_is_link_local(&route->to.base));
}

static bool is_through(const struct rt_route *route, const struct path *path)
{
	return is_relevant(route, path) && route->ifindex == path->ifindex;
}

static bool has_many_routes(const struct snapshot *snapshot)
{
	return snapshot->routes.n > ROUTES_MOST;
}

/* Whether the path's table needs a copy of this route, which leaves by the path's interface. */
static bool needs_copy(const struct build *build, const struct path *path,
		       const struct rt_route *route)
{
	bool is_default = route->to.prefix_len == 0;

	if (is_default && path->gateway.family == path->local.family)
		return false;
	if (!route->gateway.family)
		return true;
	if (build->conf->role == CONF_CLIENT)
		return leads_to_server(build->conf, path, route);
	return is_default || !has_many_routes(build->snapshot);
}

static bool has_route(const struct rt_routes *routes, const struct rt_route *route)
{
	for (size_t i = 0; i < routes->n; i++) {
		const struct rt_route *other = &routes->item[i];

		if (other->table == route->table && other->metric == route->metric &&
		    other->to.prefix_len == route->to.prefix_len &&
		    address_ip_equal(&other->to.base, &route->to.base))
			return true;
	}
	return false;
}

/* Adds the route to the path's table; of two with equal destination and metric, the first stays. */
static int add_route_with(struct build *build, const struct path *path, uint32_t table,
			  const struct rt_route *route, const char *congestion)
{
	struct rt_route copy = *route;
	struct rt_route *item;

	copy.table = table;
	copy.protocol = RT_PROTOCOL_OURS;
	/* IPv6 refuses a source that is not usable yet; an event will bring us back. */
	copy.source =
		path->is_local_ready && copy.type == RT_UNICAST ? path->local : (struct address){0};
	if (congestion[0] && copy.type == RT_UNICAST)
		metrics_set_congestion(&copy, congestion);
	if (has_route(&build->wanted->routes, &copy))
		return 0;
	item = array_append(&build->wanted->routes);
	if (!item)
		return -ENOMEM;
	*item = copy;
	return 0;
}

static int add_route(struct build *build, const struct path *path, uint32_t table,
		     const struct rt_route *route)
{
	return add_route_with(build, path, table, route, path->congestion);
}

static int copy_routes(struct build *build, const struct path *path, uint32_t table,
		       bool with_gateway)
{
	for (size_t i = 0; i < build->snapshot->routes.n; i++) {
		const struct rt_route *route = &build->snapshot->routes.item[i];
		int error;

		if (!is_through(route, path) || with_gateway != (route->gateway.family != 0) ||
		    !needs_copy(build, path, route))
			continue;
		error = add_route(build, path, table, route);
		if (error)
			return error;
	}
	return 0;
}

static bool is_neighbour(const struct snapshot *snapshot, uint32_t ifindex,
			 const struct address *gateway)
{
	for (size_t i = 0; i < snapshot->addresses.n; i++)
		if (snapshot->addresses.item[i].ifindex == ifindex &&
		    network_contains(&snapshot->addresses.item[i].subnet, gateway))
			return true;
	return address_is_link_local(gateway);
}

static int add_configured_default(struct build *build, const struct path *path, uint32_t table)
{
	struct rt_route route = {.ifindex = path->ifindex, .gateway = path->gateway};

	if (path->gateway.family != path->local.family)
		return 0;
	route.to.base.family = path->local.family;
	route.metric = path->local.family == AF_INET6 ? METRIC_IPV6 : METRIC_IPV4;
	route.scope = RT_SCOPE_UNIVERSE;
	route.is_onlink = !is_neighbour(build->snapshot, path->ifindex, &path->gateway);
	return add_route(build, path, table, &route);
}

static bool has_destination(const struct rt_routes *routes, uint32_t table,
			    const struct network *to)
{
	for (size_t i = 0; i < routes->n; i++)
		if (routes->item[i].table == table &&
		    routes->item[i].to.prefix_len == to->prefix_len &&
		    address_ip_equal(&routes->item[i].to.base, &to->base))
			return true;
	return false;
}

/* Whether the table would take packets to this network by a shorter prefix than the network's. */
static bool is_shadowed(const struct rt_routes *routes, uint32_t table, const struct network *to)
{
	for (size_t i = 0; i < routes->n; i++)
		if (routes->item[i].table == table && routes->item[i].type == RT_UNICAST &&
		    routes->item[i].to.prefix_len < to->prefix_len &&
		    network_contains(&routes->item[i].to, &to->base))
			return true;
	return false;
}

/* Throws what the main table reaches by a longer prefix over another link. */
static int throw_routes(struct build *build, const struct path *path, uint32_t table)
{
	const struct rt_routes *ours = &build->wanted->routes;
	int error = 0;

	if (build->conf->role == CONF_CLIENT || has_many_routes(build->snapshot))
		return 0;
	for (size_t i = 0; i < build->snapshot->routes.n && !error; i++) {
		const struct rt_route *route = &build->snapshot->routes.item[i];
		struct rt_route copy = {.to = route->to, .metric = route->metric, .type = RT_THROW};

		if (is_relevant(route, path) && route->ifindex != path->ifindex &&
		    is_shadowed(ours, table, &route->to) &&
		    !has_destination(ours, table, &route->to))
			error = add_route(build, path, table, &copy);
	}
	return error;
}

/* The route by which the table leads to the address; NULL: it does not. */
static const struct rt_route *find_best(const struct rt_routes *routes, uint32_t table,
					const struct address *to)
{
	const struct rt_route *best = NULL;

	for (size_t i = 0; i < routes->n; i++) {
		const struct rt_route *route = &routes->item[i];

		if (route->table == table && network_contains(&route->to, to) &&
		    (!best || route->to.prefix_len > best->to.prefix_len ||
		     (route->to.prefix_len == best->to.prefix_len && route->metric < best->metric)))
			best = route;
	}
	return best && best->type == RT_UNICAST ? best : NULL;
}

/* A path that is secondary by our own configuration yields to everybody as it is. */
static int add_spare_routes(struct build *build, const struct paths *paths, const struct path *path,
			    uint32_t table)
{
	int error = 0;

	if (!paths->spares || !paths->spare_congestion[0] || path->role == CONF_SECONDARY)
		return 0;
	for (unsigned i = 0; i < paths->spares->n && !error; i++) {
		const struct spare *spare = &paths->spares->item[i];
		const struct rt_route *best =
			address_ip_equal(&spare->local, &path->local)
				? find_best(&build->wanted->routes, table, &spare->remote)
				: NULL;
		struct rt_route copy;

		if (!best)
			continue;
		copy = *best;
		copy.to = host(&spare->remote);
		error = add_route_with(build, path, table, &copy, paths->spare_congestion);
	}
	return error;
}

/* What is connected comes first: a gateway has to be reachable in the table it is added to. */
static int build_routes(struct build *build, const struct path *path, uint32_t table)
{
	int error = copy_routes(build, path, table, false);

	if (!error)
		error = add_configured_default(build, path, table);
	if (!error)
		error = copy_routes(build, path, table, true);
	if (!error)
		error = throw_routes(build, path, table);
	return error;
}

/* ---- rules ---- */

static struct network anywhere(sa_family_t family)
{
	return (struct network){.base.family = family};
}

/* One of our rules; what it matches besides is for the caller to fill in. NULL: no memory. */
static struct rt_rule *add_rule(struct build *build, uint32_t table, uint32_t priority,
				sa_family_t family)
{
	struct rt_rule *rule = array_append(&build->wanted->rules);

	if (!rule)
		return NULL;
	rule->table = table;
	rule->priority = priority;
	rule->from = rule->to = anywhere(family);
	rule->protocol = RT_PROTOCOL_OURS;
	rule->ip_protocol = IPPROTO_TCP;
	strcpy(rule->input, "lo");
	return rule;
}

static int add_client_rule(struct build *build, const struct path *path, uint32_t table,
			   const struct address *server, bool is_bound)
{
	uint32_t priority =
		is_bound ? slot_bound_priority(build->slot) : slot_unbound_priority(build->slot);
	struct rt_rule *rule = add_rule(build, table, priority, server->family);

	if (!rule)
		return -ENOMEM;
	if (is_bound)
		rule->from = host(&path->local);
	rule->to = host(server);
	rule->dest_port = build->conf->server_port;
	return 0;
}

static int build_client_rules(struct build *build, const struct path *path, uint32_t table)
{
	int error = 0;

	for (unsigned s = 0; s < build->conf->n_servers && !error; s++) {
		const struct address *server = &build->conf->server[s].address;

		if (path->reaches & (1u << s))
			error = add_client_rule(build, path, table, server, true);
		if (!error && (path->leads & (1u << s)))
			error = add_client_rule(build, path, table, server, false);
	}
	return error;
}

static int build_server_rule(struct build *build, const struct path *path, uint32_t table)
{
	struct rt_rule *rule =
		add_rule(build, table, slot_bound_priority(build->slot), path->local.family);

	if (!rule)
		return -ENOMEM;
	rule->from = host(&path->local);
	rule->source_port = build->conf->server_port;
	return 0;
}

/* ---- endpoints and limits ---- */

static uint32_t flags_of(enum path_endpoint endpoint)
{
	switch (endpoint) {
	case PATH_ENDPOINT_NONE:
	case PATH_ENDPOINT_NAME:
		return 0;
	case PATH_ENDPOINT_DIAL:
		return MPTCP_PM_SUBFLOW;
	case PATH_ENDPOINT_ANNOUNCE:
		return MPTCP_PM_SIGNAL;
	}
	return 0;
}

static int add_endpoint(struct mptcp_endpoints *endpoints, const struct path *path)
{
	struct mptcp_endpoint *endpoint = array_append(endpoints);

	if (!endpoint)
		return -ENOMEM;
	endpoint->address = path->local;
	endpoint->flags = flags_of(path->endpoint) | (path->is_backup ? MPTCP_PM_BACKUP : 0);
	endpoint->ifindex = path->endpoint == PATH_ENDPOINT_DIAL ? path->ifindex : 0;
	return 0;
}

/* Of several far routers, the one that new connections go to says what the endpoints are. */
static int build_endpoint(struct build *build, const struct path *path)
{
	struct wanted *wanted = build->wanted;
	bool is_dial = path->endpoint == PATH_ENDPOINT_DIAL;
	int error = 0;

	if (!build->snapshot->has_mptcp || path->endpoint == PATH_ENDPOINT_NONE ||
	    (path->is_down && (is_dial || path->is_standby)))
		return 0;
	if (path->is_in_use)
		error = add_endpoint(&wanted->in_use, path);
	if (!error && !path->is_standby)
		error = add_endpoint(&wanted->endpoints, path);
	return error;
}

/*
 * As many subflows as the kernel can: a server does not know how many links a client has, and a
 * client not how many will come. Whether a connection ever accepts an announcement is settled when
 * it begins (mptcp_pm_data_reset() in net/mptcp/pm.c), so that is allowed with one link already;
 * and what it has accepted is not always given back (announce.c), so there is room for more than
 * links.
 */
static struct mptcp_limits limits_for(const struct conf *conf)
{
	bool is_told_more = false;

	for (unsigned s = 1; conf->role == CONF_CLIENT && s < conf->n_servers; s++)
		is_told_more = is_told_more || conf->server[s].router == conf->server[s - 1].router;
	return (struct mptcp_limits){
		.subflows = MPTCP_PM_MOST,
		.add_addr_accepted = is_told_more ? MPTCP_PM_MOST : 0,
	};
}

int wanted_build(struct wanted *wanted, const struct conf *conf, const struct snapshot *snapshot,
		 const struct paths *paths, unsigned slot, const uint32_t *tables)
{
	struct build build = {wanted, conf, snapshot, slot};
	int error = 0;

	for (unsigned i = 0; i < paths->n && !error; i++) {
		const struct path *path = &paths->path[i];

		error = build_routes(&build, path, tables[i]);
		if (!error)
			error = add_spare_routes(&build, paths, path, tables[i]);
		if (!error && conf->role == CONF_CLIENT)
			error = build_client_rules(&build, path, tables[i]);
		else if (!error)
			error = build_server_rule(&build, path, tables[i]);
		if (!error)
			error = build_endpoint(&build, path);
	}
	if (snapshot->has_mptcp)
		wanted->limits = limits_for(conf);
	return error;
}

void wanted_exit(struct wanted *wanted)
{
	array_free(&wanted->routes);
	array_free(&wanted->rules);
	array_free(&wanted->endpoints);
	array_free(&wanted->in_use);
}
