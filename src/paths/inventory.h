/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inventory: the paths for a report, those that there are and those that are absent. */
#ifndef MPBRIDGE_INVENTORY_H
#define MPBRIDGE_INVENTORY_H

#include "paths/absence.h"
#include "paths/board.h"
#include "paths/path.h"
#include "paths/report.h"
#include "paths/snapshot.h"

/* What it is taken from. */
struct inventory {
	const struct conf *conf;
	const struct board_table *table;
	const struct paths *paths;
	const struct absences *absences;
	const struct snapshot *snapshot;
	unsigned active; /* see struct report */
};

/* Fills in the paths of the report; their traffic is left empty. */
void inventory_fill(const struct inventory *inventory, struct report *report);

#endif
