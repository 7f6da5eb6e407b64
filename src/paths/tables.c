/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which path has which of the slot's routing tables. */
#include "paths/tables.h"

#include <assert.h>
#include <string.h>

static_assert(SLOT_TABLES >= BOARD_PATHS_MAX, "each path has a table");

static bool is_user(const struct table_user *user, const struct path *path)
{
	return strcmp(user->interface, path->interface) == 0 &&
	       address_ip_equal(&user->local, &path->local) && user->router == path->router;
}

static void release_unused(struct tables *tables, const struct paths *paths)
{
	for (unsigned i = 0; i < SLOT_TABLES; i++) {
		bool is_used = false;

		for (unsigned j = 0; j < paths->n; j++)
			is_used = is_used || is_user(&tables->user[i], &paths->path[j]);
		if (!is_used)
			tables->user[i] = (struct table_user){0};
	}
}

/* The path's table, or the lowest that is free. */
static unsigned find_table(const struct tables *tables, const struct path *path)
{
	unsigned lowest = SLOT_TABLES;

	for (unsigned i = SLOT_TABLES; i-- > 0;) {
		if (is_user(&tables->user[i], path))
			return i;
		if (tables->user[i].local.family == 0)
			lowest = i;
	}
	assert(lowest < SLOT_TABLES);
	return lowest;
}

void tables_assign(struct tables *tables, const struct paths *paths, unsigned slot,
		   uint32_t numbers[static BOARD_PATHS_MAX])
{
	release_unused(tables, paths);
	for (unsigned i = 0; i < paths->n; i++) {
		const struct path *path = &paths->path[i];
		unsigned index = find_table(tables, path);

		memcpy(tables->user[index].interface, path->interface, IF_NAMESIZE);
		tables->user[index].local = path->local;
		tables->user[index].router = path->router;
		numbers[i] = slot_table(slot, index);
	}
}

uint8_t tables_place(const struct tables *tables, const struct path *path)
{
	return (uint8_t)find_table(tables, path);
}
