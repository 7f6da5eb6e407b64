/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which path has which of the slot's routing tables. */
#ifndef MPBRIDGE_TABLES_H
#define MPBRIDGE_TABLES_H

#include "paths/path.h"
#include "paths/slot.h"

struct table_user {
	char interface[IF_NAMESIZE];
	struct address local; /* family 0: the table is free */
	uint8_t router;
};

/* Starts as zeroes: all are free. */
struct tables {
	struct table_user user[SLOT_TABLES];
};

/*
 * Writes the number of each path's table to numbers[]. A path, which is an address on an interface
 * and a far router, keeps its table for as long as it is among the paths; a new one has the lowest
 * that is free.
 */
void tables_assign(struct tables *tables, const struct paths *paths, unsigned slot,
		   uint32_t numbers[static BOARD_PATHS_MAX]);

/* The index, below SLOT_TABLES, of the table that tables_assign() gave the path. */
uint8_t tables_place(const struct tables *tables, const struct path *path);

#endif
