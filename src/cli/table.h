/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of short texts, printed in columns as wide as they need to be. */
#ifndef MPBRIDGE_TABLE_H
#define MPBRIDGE_TABLE_H

#include "kernel/array.h"

#include <stdio.h>

#define TABLE_CELL_BYTES 128

struct table_cell {
	char text[TABLE_CELL_BYTES];
};

#define TABLE_COLUMNS_MAX 16

/* `columns` has a letter for each: 'l' and 'r', the side that its cells stand on. */
struct table {
	const char *columns;
	struct table_cells ARRAY_OF(struct table_cell) cells; /* row after row */
};

/*
 * Puts a text into the next cell. Control characters and what is not ASCII become '?', so that the
 * columns stay straight and a terminal is not steered. Without memory the cell is left out.
 */
void table_add(struct table *table, const char *text);

/* Prints all rows, without blanks at the ends of lines. */
void table_print(const struct table *table, FILE *out);

void table_exit(struct table *table);

#endif
