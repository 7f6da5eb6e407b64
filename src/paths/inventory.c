/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inventory: the paths for a report, those that there are and those that are absent. */
#include "paths/inventory.h"

#include "paths/diagnosis.h"

#include <string.h>

static bool is_announced(const struct inventory *inventory, const struct address *local)
{
	const struct paths *paths = inventory->paths;

	for (unsigned i = 0; i < paths->n; i++)
		if (paths->path[i].endpoint == PATH_ENDPOINT_ANNOUNCE &&
		    address_ip_equal(&paths->path[i].local, local))
			return true;
	return false;
}

/* A server asks nothing of its paths; it waits until a client comes by them. */
static const char *reason_of(const struct inventory *inventory, const struct report_path *path,
			     enum health_reason reason)
{
	if (inventory->conf->role == CONF_CLIENT || reason == HEALTH_LOST)
		return health_reason_text(reason);
	return path->is_announced ? "announced to clients" : "no client has come by it yet";
}

static enum conf_path_role role_of(const struct paths *paths, const struct board_path *path)
{
	for (unsigned i = 0; i < paths->n; i++)
		if (paths->path[i].ifindex == path->ifindex &&
		    address_ip_equal(&paths->path[i].local, &path->local) &&
		    address_ip_equal(&paths->path[i].server, &path->server))
			return paths->path[i].role;
	return CONF_PRIMARY;
}

static void fill_present(const struct inventory *inventory, const struct board_path *path,
			 struct report_path *out)
{
	memcpy(out->interface, path->interface, IF_NAMESIZE);
	out->ifindex = path->ifindex;
	out->local = path->local;
	out->server = path->server;
	out->state = path->health;
	out->since_ms = path->since_ms ? path->since_ms
				       : absences_since_ms(inventory->absences, path->interface);
	out->rtt_us = path->rtt_us;
	out->router = path->router;
	out->is_standby = path->is_standby;
	out->may_start = path->may_start;
	out->role = role_of(inventory->paths, path);
	out->is_announced = is_announced(inventory, &path->local);
	out->cause = path->reason;
	out->reason = reason_of(inventory, out, path->reason);
}

static enum conf_path_role role_configured(const struct conf *conf, const char *interface)
{
	for (unsigned i = 0; i < conf->n_paths; i++)
		if (strcmp(conf->path[i].interface, interface) == 0)
			return conf->path[i].role;
	return CONF_PRIMARY;
}

static void fill_absent(const struct inventory *inventory, const struct absence *absence,
			struct report_path *out)
{
	memcpy(out->interface, absence->interface, IF_NAMESIZE);
	out->local = absence->local;
	out->server = absence->server;
	out->state = HEALTH_ABSENT;
	out->role = role_configured(inventory->conf, absence->interface);
	out->since_ms = absence->since_ms;
	out->cause = diagnosis_reason(inventory->conf, inventory->snapshot, absence->interface);
	out->reason = diagnosis_excuse(inventory->conf, inventory->snapshot, absence->interface);
}

void inventory_fill(const struct inventory *inventory, struct report *report)
{
	const struct board_table *table = inventory->table;
	const struct absences *absences = inventory->absences;

	*report = (struct report){.conf = inventory->conf, .active = inventory->active};
	for (unsigned i = 0; i < table->n_paths; i++)
		fill_present(inventory, &table->path[i], &report->path[report->n_paths++]);
	for (unsigned i = 0; i < absences->n; i++)
		if (absences->item[i].is_absent)
			fill_absent(inventory, &absences->item[i],
				    &report->path[report->n_paths++]);
}
