/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The publication: what workers are told of the paths, and of this router. Pure. */
#ifndef MPBRIDGE_PUBLICATION_H
#define MPBRIDGE_PUBLICATION_H

#include "paths/announce.h"
#include "paths/board.h"
#include "paths/monitor.h"
#include "paths/path.h"
#include "paths/snapshot.h"
#include "paths/tables.h"

/* What it is made of. */
struct publication {
	const struct conf *conf;
	const struct snapshot *snapshot; /* of which the addresses matter */
	const struct paths *paths;
	const struct tables *tables;
	const struct announce *announce; /* server */
	const struct spares *spares;	 /* server */
	struct monitors *monitors;	 /* client: not changed */
	bool had_several;		 /* in the table before */
};

/* Replaces the table. */
void publication_fill(const struct publication *publication, struct board_table *table);

#endif
