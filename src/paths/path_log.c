/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log of the paths: what is said of those that came, and of those that went. */
#include "paths/path_log.h"

#include "base/log.h"
#include "paths/diagnosis.h"

static bool is_same_path(const struct path *a, const struct path *b)
{
	return a->ifindex == b->ifindex && address_ip_equal(&a->local, &b->local) &&
	       address_ip_equal(&a->server, &b->server) &&
	       (a->endpoint == PATH_ENDPOINT_ANNOUNCE) == (b->endpoint == PATH_ENDPOINT_ANNOUNCE);
}

static bool has_path(const struct paths *paths, const struct path *path)
{
	for (unsigned i = 0; i < paths->n; i++)
		if (is_same_path(&paths->path[i], path))
			return true;
	return false;
}

static void log_path(const struct conf *conf, const struct path *path)
{
	char local[ADDRESS_TEXT_BYTES], server[ADDRESS_TEXT_BYTES];

	address_format_ip(&path->local, local);
	if (conf->role == CONF_CLIENT)
		log_info("path %s: %s to %s", path->interface, local,
			 address_format_ip(&path->server, server));
	else if (path->endpoint == PATH_ENDPOINT_ANNOUNCE)
		log_info("path %s: %s is announced to clients", path->interface, local);
	else
		log_debug("path %s: %s", path->interface, local);
}

static void log_unused(const struct conf *conf, const struct snapshot *snapshot,
		       const char *interface)
{
	log_warning("path %s: not used: %s", interface,
		    diagnosis_excuse(conf, snapshot, interface));
}

static void log_changes(const struct path_log *log, const struct conf *conf,
			const struct snapshot *snapshot, const struct paths *before,
			const struct paths *now)
{
	for (unsigned i = 0; i < now->n; i++)
		if (!has_path(before, &now->path[i]))
			log_path(conf, &now->path[i]);
	for (unsigned i = 0; i < before->n; i++)
		if (!paths_use_interface(now, before->path[i].interface))
			log_unused(conf, snapshot, before->path[i].interface);
	for (unsigned i = 0; i < conf->n_paths && !log->has_begun; i++)
		if (!paths_use_interface(now, conf->path[i].interface))
			log_unused(conf, snapshot, conf->path[i].interface);
	if (conf->role == CONF_CLIENT && now->n == 0 && (before->n || !log->has_begun))
		log_warning("no link leads to the server now; waiting for one");
}

static void log_left_out(struct path_log *log, const struct paths *paths)
{
	if (paths->n_left_out && !log->has_told_left_out)
		log_warning("%u paths are not used: there is room for %d, and those to the first "
			    "far routers have it",
			    paths->n_left_out, BOARD_PATHS_MAX);
	log->has_told_left_out = paths->n_left_out > 0;
}

static void log_addresses(struct path_log *log, const struct rt_addresses *addresses)
{
	bool has_more = addresses->n > BOARD_NETS_MAX;

	if (has_more && !log->has_told_addresses)
		log_warning("this router has %zu addresses; only the first %d are known as its own",
			    addresses->n, BOARD_NETS_MAX);
	log->has_told_addresses = has_more;
}

void path_log_follow(struct path_log *log, const struct conf *conf, const struct snapshot *snapshot,
		     const struct paths *before, const struct paths *now)
{
	log_changes(log, conf, snapshot, before, now);
	log_left_out(log, now);
	log_addresses(log, &snapshot->addresses);
	log->has_begun = true;
}
