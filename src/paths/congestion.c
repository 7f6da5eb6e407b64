/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Congestion control: which one each path has, of those that there are. */
#include "paths/congestion.h"

#include "base/log.h"
#include "kernel/socket.h"

#include <stdio.h>
#include <string.h>

/*
 * Theory of operation. A route with a congestion control that the kernel does not have is refused
 * as a whole, and with an error that other mistakes have too. So the kernel is asked before, by a
 * socket, which also makes it load the module where it can. It is asked whenever the links change,
 * so a module that was loaded by hand is found then; for one that is missing once in ASK_MS at
 * most, since looking for a module takes its time.
 *
 * A secondary path gets one that yields, and so do a server's routes to those clients who say that
 * their way is secondary (spare.c), whatever the path has otherwise. Where there is none that
 * yields such a route would be good for nothing, and there is none.
 */

#define ASK_MS 60000

/* Of TCP-LP (net/ipv4/tcp_lp.c), which few kernels have. */
#define LOW_PRIORITY "lp"

static void set(char name[static CONF_CONGESTION_BYTES], const char *value)
{
	snprintf(name, CONF_CONGESTION_BYTES, "%s", value);
}

/* The place of a name among those that were told, or n_missing. */
static unsigned find(const struct congestion *congestion, const char *name)
{
	unsigned i = 0;

	while (i < congestion->n_missing && strcmp(congestion->missing[i], name) != 0)
		i++;
	return i;
}

static void note_present(struct congestion *congestion, const char *name)
{
	unsigned i = find(congestion, name);
	unsigned last = congestion->n_missing - 1;

	if (i == congestion->n_missing)
		return;
	memmove(congestion->missing[i], congestion->missing[last], CONF_CONGESTION_BYTES);
	congestion->asked_ms[i] = congestion->asked_ms[last];
	congestion->n_missing--;
}

static void note_missing(struct congestion *congestion, const char *name, bool is_named,
			 uint64_t now_ms)
{
	unsigned i = find(congestion, name);

	if (i > CONF_PATHS_MAX)
		return;
	congestion->asked_ms[i] = now_ms;
	if (i < congestion->n_missing)
		return;
	set(congestion->missing[congestion->n_missing++], name);
	if (!is_named)
		return;
	log_warning("this kernel has no congestion control \"%s\": its paths use the kernel's own; "
		    "load it (modprobe tcp_%s) and start mpbridge again",
		    name, name);
}

static bool is_there(struct congestion *congestion, const char *name, uint64_t now_ms)
{
	unsigned i = find(congestion, name);

	if (i < congestion->n_missing && now_ms < congestion->asked_ms[i] + ASK_MS)
		return false;
	return socket_has_congestion(name);
}

/* ---- secondary paths ---- */

static bool is_ours_to_choose(const struct path *path)
{
	return path->role == CONF_SECONDARY && !path->is_congestion_given;
}

/* What yields, as well as this kernel can. NULL: it has nothing of that kind. */
static const char *find_yielding(struct congestion *congestion, const char *scavenger,
				 uint64_t now_ms)
{
	if (scavenger)
		return scavenger;
	if (is_there(congestion, LOW_PRIORITY, now_ms)) {
		note_present(congestion, LOW_PRIORITY);
		return LOW_PRIORITY;
	}
	note_missing(congestion, LOW_PRIORITY, false, now_ms);
	return NULL;
}

static void choose_spare(struct congestion *congestion, struct paths *paths, const char *scavenger,
			 const char *otherwise, uint64_t now_ms)
{
	const char *name;

	if (!congestion_wants_scavenger(paths))
		return;
	name = find_yielding(congestion, scavenger, now_ms);
	set(paths->spare_congestion, name ? name : "");
	for (unsigned i = 0; i < paths->n; i++) {
		struct path *path = &paths->path[i];

		if (!is_ours_to_choose(path))
			continue;
		set(path->congestion, name ? name : otherwise);
		path->is_congestion_named = path->is_congestion_named && !name;
	}
}

bool congestion_wants_scavenger(const struct paths *paths)
{
	bool is_wanted = paths->spares && paths->spares->n > 0;

	for (unsigned i = 0; i < paths->n; i++)
		is_wanted = is_wanted || is_ours_to_choose(&paths->path[i]);
	return is_wanted;
}

static void drop_missing(struct congestion *congestion, char name[static CONF_CONGESTION_BYTES],
			 bool is_named, uint64_t now_ms)
{
	if (!name[0])
		return;
	if (is_there(congestion, name, now_ms)) {
		note_present(congestion, name);
	} else {
		note_missing(congestion, name, is_named, now_ms);
		name[0] = '\0';
	}
}

void congestion_choose(struct congestion *congestion, struct paths *paths, const char *scavenger,
		       const char *otherwise, uint64_t now_ms)
{
	choose_spare(congestion, paths, scavenger, otherwise, now_ms);
	drop_missing(congestion, paths->spare_congestion, false, now_ms);
	for (unsigned i = 0; i < paths->n; i++) {
		struct path *path = &paths->path[i];

		path->has_scavenger =
			scavenger && (path->role != CONF_SECONDARY || is_ours_to_choose(path));
		drop_missing(congestion, path->congestion, path->is_congestion_named, now_ms);
	}
}
