/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Congestion control: which of the configured ones this kernel has. */
#include "paths/congestion.h"

#include "base/log.h"
#include "kernel/socket.h"

#include <string.h>

/*
 * Theory of operation. A route with a congestion control that the kernel does not have is refused
 * as a whole, and with an error that other mistakes have too. So the kernel is asked before, by a
 * socket, which also makes it load the module where it can. It is asked whenever the links change,
 * so a module that was loaded by hand is found then; for one that is missing once in ASK_MS at
 * most, since looking for a module takes its time.
 */

#define ASK_MS 60000

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

static void note_missing(struct congestion *congestion, const char *name, bool is_given,
			 uint64_t now_ms)
{
	unsigned i = find(congestion, name);

	if (i > CONF_PATHS_MAX)
		return;
	congestion->asked_ms[i] = now_ms;
	if (i < congestion->n_missing)
		return;
	memcpy(congestion->missing[congestion->n_missing++], name, CONF_CONGESTION_BYTES);
	if (!is_given)
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

void congestion_check(struct congestion *congestion, struct paths *paths, uint64_t now_ms)
{
	for (unsigned i = 0; i < paths->n; i++) {
		char *name = paths->path[i].congestion;

		if (!name[0])
			continue;
		if (is_there(congestion, name, now_ms)) {
			note_present(congestion, name);
		} else {
			note_missing(congestion, name, paths->path[i].is_congestion_given, now_ms);
			name[0] = '\0';
		}
	}
}
