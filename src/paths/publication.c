/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The publication: what workers are told of the paths, and of this router. */
#include "paths/publication.h"

#include <string.h>

static void fill_nets(const struct rt_addresses *addresses, struct board_table *table)
{
	for (size_t i = 0; i < addresses->n && table->n_nets < BOARD_NETS_MAX; i++) {
		struct board_net *net = &table->net[table->n_nets++];

		net->own = addresses->item[i].local;
		net->subnet = addresses->item[i].subnet;
	}
	table->has_more_nets = addresses->n > BOARD_NETS_MAX;
}

/* What its monitor knows. */
static void fill_watched(const struct monitor *monitor, struct board_path *out)
{
	const struct health *health = &monitor->health;

	out->health = health_shown(health);
	out->reason = health->reason;
	if (out->health == HEALTH_GUARDED) {
		out->reason = health->is_yielding ? HEALTH_YIELDS : HEALTH_TOO_SLOW;
	} else if (out->health == HEALTH_UP && health_is_urgent(health)) {
		out->health = HEALTH_SUSPECT;
		out->reason = HEALTH_STUCK;
	}
	out->since_ms = health->since_ms;
	out->rtt_us = health->trip.rtt_us;
	out->is_shut = monitor_is_shut(monitor);
}

/* Nobody watches it: a server's, or one that is new. */
static void fill_unwatched(const struct publication *publication, const struct path *path,
			   struct board_path *out)
{
	const struct announce *announce = publication->announce;

	out->health = path->is_local_ready ? HEALTH_UP : HEALTH_DOWN;
	out->reason = HEALTH_NOT_ASKED;
	if (publication->monitors->is_late)
		out->health = HEALTH_DOWN; /* it has to answer first */
	if (announce_is_lost(announce, &path->local)) {
		out->health = HEALTH_DOWN;
		out->reason = HEALTH_LOST;
		out->since_ms = announce_lost_ms(announce, &path->local);
	}
}

static void fill_path(const struct publication *publication, const struct path *path,
		      struct board_path *out)
{
	const struct monitor *monitor = monitors_find(publication->monitors, path);

	memcpy(out->interface, path->interface, IF_NAMESIZE);
	out->ifindex = path->ifindex;
	out->server = path->server;
	out->local = path->local;
	out->place = tables_place(publication->tables, path);
	out->router = path->router;
	out->is_standby = path->is_standby;
	out->may_start = path->may_start;
	out->is_backup = path->is_backup;
	out->is_secondary = path->role == CONF_SECONDARY;
	out->has_scavenger = path->has_scavenger;
	if (monitor)
		fill_watched(monitor, out);
	else
		fill_unwatched(publication, path, out);
}

/* Whether a connection can have more than one subflow, on links that are down, too. */
static bool has_several(const struct publication *publication)
{
	const struct paths *paths = publication->paths;
	unsigned n = publication->announce->n;

	for (unsigned i = 0; i < paths->n; i++)
		n += publication->conf->role == CONF_CLIENT && !paths->path[i].is_standby;
	return n > 1 || publication->conf->n_paths > 1;
}

void publication_fill(const struct publication *publication, struct board_table *table)
{
	const struct paths *paths = publication->paths;

	*table = (struct board_table){.n_paths = paths->n, .spares = *publication->spares};
	table->had_several = publication->had_several || has_several(publication);
	for (unsigned i = 0; i < paths->n; i++)
		fill_path(publication, &paths->path[i], &table->path[i]);
	fill_nets(&publication->snapshot->addresses, table);
}
