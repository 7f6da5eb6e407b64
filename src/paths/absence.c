/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Absences: interfaces that were paths, or are configured to be, and are none now. */
#include "paths/absence.h"

#include <string.h>

static struct absence *find(struct absences *absences, const char *interface)
{
	for (unsigned i = 0; i < absences->n; i++)
		if (strcmp(absences->item[i].interface, interface) == 0)
			return &absences->item[i];
	return NULL;
}

uint64_t absences_since_ms(const struct absences *absences, const char *interface)
{
	for (unsigned i = 0; i < absences->n; i++)
		if (strcmp(absences->item[i].interface, interface) == 0)
			return absences->item[i].since_ms;
	return 0;
}

static bool is_path(const struct paths *paths, const char *interface)
{
	for (unsigned i = 0; i < paths->n; i++)
		if (strcmp(paths->path[i].interface, interface) == 0)
			return true;
	return false;
}

/* There are fewer paths than places, so one of them is absent when all are taken. */
static struct absence *oldest(struct absences *absences)
{
	struct absence *oldest = NULL;

	for (unsigned i = 0; i < absences->n; i++) {
		struct absence *item = &absences->item[i];

		if (item->is_absent && (!oldest || item->since_ms < oldest->since_ms))
			oldest = item;
	}
	return oldest;
}

static struct absence *add(struct absences *absences, const char *interface)
{
	struct absence *item =
		absences->n < ABSENCES_MAX ? &absences->item[absences->n++] : oldest(absences);

	if (item) {
		*item = (struct absence){0};
		memcpy(item->interface, interface, IF_NAMESIZE);
	}
	return item;
}

static void note_present(struct absences *absences, const struct path *path, uint64_t now_ms)
{
	struct absence *item = find(absences, path->interface);
	bool is_new = !item || item->is_absent;

	if (!item)
		item = add(absences, path->interface);
	if (!item)
		return;
	if (is_new)
		item->since_ms = now_ms;
	item->local = path->local;
	item->server = path->server;
	item->is_absent = false;
}

void absences_follow(struct absences *absences, const struct conf *conf, const struct paths *paths,
		     uint64_t now_ms)
{
	for (unsigned i = 0; i < absences->n; i++) {
		struct absence *item = &absences->item[i];

		if (!item->is_absent && !is_path(paths, item->interface)) {
			item->is_absent = true;
			item->since_ms = now_ms;
		}
	}
	for (unsigned i = 0; i < paths->n; i++)
		note_present(absences, &paths->path[i], now_ms);
	for (unsigned i = 0; i < conf->n_paths; i++) {
		const struct conf_path *path = &conf->path[i];
		struct absence *item = find(absences, path->interface);

		if (item || is_path(paths, path->interface))
			continue;
		item = add(absences, path->interface);
		if (!item)
			continue;
		item->local = path->address;
		item->is_absent = true;
		item->since_ms = now_ms;
	}
}
