/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deriving: what the paths are, from the configuration and a snapshot. */
#include "paths/derive.h"

#include "paths/way.h"

#include <linux/rtnetlink.h>
#include <string.h>

/*
 * Theory of operation. A client's paths are interfaces: the configured ones, or those by which the
 * main table leads to a server address. Each of them leads to some of the server's addresses. Of
 * all that lead to an address, the one that does it best is its primary path.
 *
 * With several addresses (links in separate subnets) a connection begins on a primary path, and the
 * far end's announcements make it join over the others; a path that is nobody's primary joins by an
 * endpoint of its own. With one address (a rented server) there is nothing to announce, so every
 * path has such an endpoint, and a connection may begin on any. In both cases an endpoint dials the
 * address the connection began with, which its path has to reach: a connection may therefore begin
 * only where all of them can follow. Which of the two it is does not depend on the links that
 * happen to be up: a change would take away endpoints, and the running connections' subflows with
 * them.
 *
 * Each far router is derived for itself, as if there were no other, so two of them may be reached
 * over one interface by paths of their own, of either kind.
 *
 * A server's paths are addresses: replies from each leave by its own interface. It announces those
 * that are configured, or that a client has been seen to use.
 */

/* ---- client ---- */

static bool has_interface(const struct paths *paths, uint32_t ifindex)
{
	for (unsigned i = 0; i < paths->n; i++)
		if (paths->path[i].ifindex == ifindex)
			return true;
	return false;
}

static bool is_usable(const struct rt_link *link)
{
	return link && !link->is_loopback && link->is_up;
}

static struct path *add_path(const struct conf *conf, struct paths *paths,
			     const struct rt_link *link)
{
	struct path *path;

	if (!is_usable(link) || paths->n == BOARD_PATHS_MAX)
		return NULL;
	path = &paths->path[paths->n++];
	*path = (struct path){.ifindex = link->ifindex};
	memcpy(path->interface, link->name, sizeof(path->interface));
	memcpy(path->congestion, conf->congestion.name, sizeof(path->congestion));
	path->is_congestion_named = conf->congestion.is_given;
	return path;
}

/* What the configuration says of a path, but for its address. */
static void configure(struct path *path, const struct conf_path *wanted)
{
	path->gateway = wanted->gateway;
	path->role = wanted->role;
	memcpy(path->congestion, wanted->congestion.name, sizeof(path->congestion));
	path->is_congestion_given = wanted->congestion.is_given;
	path->is_congestion_named = path->is_congestion_named || wanted->congestion.is_given;
}

static void add_configured(const struct conf *conf, const struct snapshot *snapshot,
			   struct paths *paths)
{
	for (unsigned i = 0; i < conf->n_paths; i++) {
		const struct rt_link *link = snapshot_link_named(snapshot, conf->path[i].interface);
		struct path *path = add_path(conf, paths, link);

		if (!path)
			continue;
		path->fixed = conf->path[i].address;
		configure(path, &conf->path[i]);
	}
}

/* The best route to the server by an interface that is up and not a path yet. */
static const struct rt_route *next_route(const struct snapshot *snapshot, const struct paths *paths,
					 const struct address *server, unsigned prefix_len)
{
	const struct rt_route *best = NULL;

	for (size_t i = 0; i < snapshot->routes.n; i++) {
		const struct rt_route *route = &snapshot->routes.item[i];

		if (way_allows(route, server) && route->to.prefix_len == prefix_len &&
		    !has_interface(paths, route->ifindex) &&
		    is_usable(snapshot_link(snapshot, route->ifindex)) &&
		    (!best || route->metric < best->metric))
			best = route;
	}
	return best;
}

/* The interfaces by which the main table leads to a server, by any of the longest matches. */
static void add_routed(const struct conf *conf, const struct snapshot *snapshot,
		       struct paths *paths)
{
	for (unsigned s = 0; s < conf->n_servers; s++) {
		const struct address *server = &conf->server[s].address;
		int longest = way_longest_prefix(snapshot, server);
		const struct rt_route *route;

		if (longest < 0)
			continue;
		while ((route = next_route(snapshot, paths, server, (unsigned)longest)))
			if (!add_path(conf, paths, snapshot_link(snapshot, route->ifindex)))
				break;
	}
}

/* Whether the path leads to the server: a derived one only as well as the best of them does. */
static bool path_reaches(const struct conf *conf, const struct snapshot *snapshot,
			 const struct path *path, const struct address *server)
{
	struct way way = way_find(snapshot, path, server);

	if (conf->n_paths)
		return way.rank > 0;
	return way.rank > 0 && (int)way.rank == way_longest_prefix(snapshot, server) + 1;
}

static void find_reach(const struct conf *conf, const struct snapshot *snapshot,
		       struct paths *paths)
{
	for (unsigned i = 0; i < paths->n; i++)
		for (unsigned s = 0; s < conf->n_servers; s++)
			if (path_reaches(conf, snapshot, &paths->path[i], &conf->server[s].address))
				paths->path[i].reaches |= 1u << s;
}

/* The address's best path; of equal ones, first one that leads no other address, then by metric. */
static struct path *primary_of(const struct conf *conf, const struct snapshot *snapshot,
			       struct paths *paths, unsigned s)
{
	struct path *best = NULL;
	struct way best_way = {0};

	for (unsigned i = 0; i < paths->n; i++) {
		struct path *path = &paths->path[i];
		struct way way = way_find(snapshot, path, &conf->server[s].address);
		bool is_freer = best && way.rank == best_way.rank && best->leads && !path->leads;
		bool is_busier = best && way.rank == best_way.rank && !best->leads && path->leads;

		if (!(path->reaches & (1u << s)) || is_busier)
			continue;
		if (!best || is_freer || way_is_better(&way, &best_way)) {
			best = path;
			best_way = way;
		}
	}
	return best;
}

static void find_primaries(const struct conf *conf, const struct snapshot *snapshot,
			   struct paths *paths)
{
	for (unsigned s = 0; s < conf->n_servers; s++) {
		struct path *path = primary_of(conf, snapshot, paths, s);

		if (path)
			path->leads |= 1u << s;
	}
}

static unsigned first_server(uint32_t set)
{
	return (unsigned)__builtin_ctz(set);
}

/* The server address that most paths reach. */
static unsigned most_reached(const struct conf *conf, const struct paths *paths)
{
	unsigned best = 0, most = 0;

	for (unsigned s = 0; s < conf->n_servers; s++) {
		unsigned n = 0;

		for (unsigned i = 0; i < paths->n; i++)
			n += (paths->path[i].reaches >> s) & 1;
		if (n > most) {
			most = n;
			best = s;
		}
	}
	return best;
}

/* One address: each path dials it from an endpoint of its own. */
static void share_server(const struct conf *conf, struct paths *paths)
{
	unsigned server = most_reached(conf, paths);

	for (unsigned i = 0; i < paths->n; i++) {
		struct path *path = &paths->path[i];

		if (!(path->reaches & (1u << server)))
			continue;
		path->server = conf->server[server].address;
		path->endpoint = PATH_ENDPOINT_DIAL;
		path->may_start = true;
	}
}

/* The servers of primary paths that all other paths reach; of one family, the first's. */
static uint32_t common_starts(const struct conf *conf, const struct paths *paths)
{
	uint32_t starts = 0, all = UINT32_MAX, same = 0;

	for (unsigned i = 0; i < paths->n; i++) {
		if (paths->path[i].leads)
			starts |= 1u << first_server(paths->path[i].leads);
		else
			all &= paths->path[i].reaches;
	}
	if (all == UINT32_MAX)
		return starts;
	if (!(starts & all))
		return 1u << first_server(starts);
	starts &= all;
	for (unsigned s = 0; s < conf->n_servers; s++)
		if (conf->server[s].address.family ==
		    conf->server[first_server(starts)].address.family)
			same |= 1u << s;
	return starts & same;
}

/* Several addresses: primary paths follow the announcements, others dial the beginning. */
static void spread_servers(const struct conf *conf, struct paths *paths)
{
	uint32_t starts = common_starts(conf, paths);

	for (unsigned i = 0; i < paths->n; i++) {
		struct path *path = &paths->path[i];

		if (path->leads) {
			unsigned server = first_server(path->leads);

			path->server = conf->server[server].address;
			path->endpoint = PATH_ENDPOINT_NAME;
			path->may_start = starts & (1u << server);
		} else if (path->reaches & starts) {
			path->server = conf->server[first_server(path->reaches & starts)].address;
			path->endpoint = PATH_ENDPOINT_DIAL;
		}
	}
}

static uint32_t servers_of_family(const struct conf *conf, sa_family_t family)
{
	uint32_t set = 0;

	for (unsigned s = 0; s < conf->n_servers; s++)
		if (conf->server[s].address.family == family)
			set |= 1u << s;
	return set;
}

/* Keeps the paths that have a server to dial and an address to dial from. */
static void keep_usable(const struct conf *conf, const struct snapshot *snapshot,
			struct paths *paths)
{
	unsigned n = 0;

	for (unsigned i = 0; i < paths->n; i++) {
		struct path *path = &paths->path[i];

		if (!path->server.family || !way_choose_local(snapshot, path, &path->server))
			continue;
		path->reaches &= servers_of_family(conf, path->local.family);
		path->leads &= path->reaches;
		paths->path[n++] = *path;
	}
	paths->n = n;
}

/*
 * A path without an address of the server's family does not lead there, whatever the routes say.
 * Returns the servers that some path has an address for.
 */
static uint32_t drop_unaddressed(const struct conf *conf, const struct snapshot *snapshot,
				 struct paths *paths)
{
	uint32_t addressed = 0;

	for (unsigned i = 0; i < paths->n; i++) {
		for (unsigned s = 0; s < conf->n_servers; s++) {
			if (way_choose_local(snapshot, &paths->path[i], &conf->server[s].address))
				addressed |= 1u << s;
			else
				paths->path[i].reaches &= ~(1u << s);
		}
	}
	return addressed;
}

static bool has_several(uint32_t set)
{
	return set & (set - 1);
}

static void drop_unreaching(struct paths *paths)
{
	unsigned n = 0;

	for (unsigned i = 0; i < paths->n; i++)
		if (paths->path[i].reaches)
			paths->path[n++] = paths->path[i];
	paths->n = n;
}

/* `conf` knows one router. */
static void derive_router(const struct conf *conf, const struct snapshot *snapshot,
			  struct paths *paths)
{
	uint32_t addressed;

	if (conf->n_paths)
		add_configured(conf, snapshot, paths);
	else
		add_routed(conf, snapshot, paths);
	find_reach(conf, snapshot, paths);
	addressed = drop_unaddressed(conf, snapshot, paths);
	drop_unreaching(paths);
	find_primaries(conf, snapshot, paths);
	if (has_several(addressed))
		spread_servers(conf, paths);
	else
		share_server(conf, paths);
	keep_usable(conf, snapshot, paths);
}

/* The configuration with the servers of one router alone; *first is the first one's place among
 * all, which stand router by router. */
static struct conf view_of(const struct conf *conf, unsigned router, unsigned *first)
{
	struct conf view = *conf;

	*first = 0;
	view.n_servers = 0;
	for (unsigned s = 0; s < conf->n_servers; s++) {
		if (conf->server[s].router != router)
			continue;
		if (view.n_servers == 0)
			*first = s;
		view.server[view.n_servers++] = conf->server[s];
	}
	return view;
}

/* Adds the paths to one router, with conf's numbers of its servers. */
static void append(struct paths *paths, const struct paths *more, unsigned router, unsigned first)
{
	for (unsigned i = 0; i < more->n; i++) {
		struct path *path = &paths->path[paths->n];

		if (paths->n == BOARD_PATHS_MAX) {
			paths->n_left_out++;
			continue;
		}
		paths->n++;
		*path = more->path[i];
		path->router = (uint8_t)router;
		path->reaches <<= first;
		path->leads <<= first;
	}
}

static void derive_client(const struct conf *conf, const struct snapshot *snapshot,
			  struct paths *paths)
{
	unsigned router = 0;

	do {
		struct paths some = {0};
		unsigned first;
		const struct conf view = view_of(conf, router, &first);

		derive_router(&view, snapshot, &some);
		append(paths, &some, router, first);
	} while (++router < conf->n_routers);
}

/* ---- server ---- */

/* Whether a listener accepts connections to this address; "::" takes IPv4 too. */
static bool is_accepted(const struct conf *conf, const struct address *local)
{
	for (unsigned i = 0; i < conf->n_servers; i++) {
		const struct address *listener = &conf->server[i].address;

		if (address_ip_equal(listener, local))
			return true;
		if (address_is_unspecified(listener) &&
		    (listener->family == local->family || listener->family == AF_INET6))
			return true;
	}
	return false;
}

static bool has_local(const struct paths *paths, const struct address *local)
{
	for (unsigned i = 0; i < paths->n; i++)
		if (address_ip_equal(&paths->path[i].local, local))
			return true;
	return false;
}

/* `wanted` is NULL for a path that is not configured. */
static void add_server_path(const struct conf *conf, const struct snapshot *snapshot,
			    struct paths *paths, const struct rt_address *address,
			    enum path_endpoint endpoint, const struct conf_path *wanted)
{
	struct path *path;

	if (!address || has_local(paths, &address->local))
		return;
	path = add_path(conf, paths, snapshot_link(snapshot, address->ifindex));
	if (!path)
		return;
	way_set_local(path, address);
	path->endpoint = endpoint;
	if (wanted)
		configure(path, wanted);
}

/* The interface's address of a family that the listeners accept; the best of several. */
static const struct rt_address *accepted_address(const struct conf *conf,
						 const struct snapshot *snapshot, uint32_t ifindex,
						 sa_family_t family)
{
	const struct rt_address *best = NULL;

	for (size_t i = 0; i < snapshot->addresses.n; i++) {
		const struct rt_address *address = &snapshot->addresses.item[i];

		if (address->ifindex == ifindex && address->local.family == family &&
		    address->scope < RT_SCOPE_LINK && is_accepted(conf, &address->local) &&
		    (!best || way_score(address, NULL) > way_score(best, NULL)))
			best = address;
	}
	return best;
}

/* One that a client has lost is not announced until the client says that it is back. */
static enum path_endpoint announcement(const struct announce *announce, const struct address *local)
{
	return announce_is_lost(announce, local) ? PATH_ENDPOINT_NONE : PATH_ENDPOINT_ANNOUNCE;
}

static void add_server_configured(const struct conf *conf, const struct snapshot *snapshot,
				  const struct announce *announce, struct paths *paths)
{
	for (unsigned i = 0; i < conf->n_paths; i++) {
		const struct conf_path *wanted = &conf->path[i];
		const struct rt_link *link = snapshot_link_named(snapshot, wanted->interface);
		const struct rt_address *address;

		if (!link)
			continue;
		if (wanted->address.family) {
			address = snapshot_address(snapshot, link->ifindex, &wanted->address);
		} else {
			address = accepted_address(conf, snapshot, link->ifindex, AF_INET);
			if (!address)
				address = accepted_address(conf, snapshot, link->ifindex, AF_INET6);
		}
		if (address)
			add_server_path(conf, snapshot, paths, address,
					announcement(announce, &address->local), wanted);
	}
}

static bool has_witness(const struct paths *paths, uint32_t ifindex, sa_family_t family)
{
	for (unsigned i = 0; i < paths->n; i++)
		if (paths->path[i].ifindex == ifindex && paths->path[i].local.family == family)
			return true;
	return false;
}

static void add_server_derived(const struct conf *conf, const struct snapshot *snapshot,
			       const struct announce *announce, struct paths *paths)
{
	static const sa_family_t families[] = {AF_INET, AF_INET6};

	for (unsigned i = 0; i < announce->n; i++)
		add_server_path(conf, snapshot, paths,
				snapshot_address(snapshot, 0, &announce->entry[i].address),
				announcement(announce, &announce->entry[i].address), NULL);
	for (size_t i = 0; i < snapshot->links.n; i++) {
		uint32_t ifindex = snapshot->links.item[i].ifindex;

		for (int f = 0; f < 2; f++)
			if (!has_witness(paths, ifindex, families[f]))
				add_server_path(
					conf, snapshot, paths,
					accepted_address(conf, snapshot, ifindex, families[f]),
					PATH_ENDPOINT_NONE, NULL);
	}
}

void derive_paths(const struct conf *conf, const struct snapshot *snapshot,
		  const struct announce *announce, struct paths *paths)
{
	paths->n = paths->n_left_out = 0;
	paths->spares = NULL;
	paths->spare_congestion[0] = '\0';
	switch (conf->role) {
	case CONF_CLIENT:
		derive_client(conf, snapshot, paths);
		break;
	case CONF_SERVER:
		if (conf->n_paths)
			add_server_configured(conf, snapshot, announce, paths);
		else
			add_server_derived(conf, snapshot, announce, paths);
		break;
	}
}
