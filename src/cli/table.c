/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A table of short texts, printed in columns as wide as they need to be. */
#include "cli/table.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

void table_add(struct table *table, const char *text)
{
	struct table_cell *cell = array_append(&table->cells);

	if (!cell)
		return;
	snprintf(cell->text, sizeof(cell->text), "%s", text);
	for (char *c = cell->text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
}

static int width_of(const struct table *table, size_t column)
{
	size_t step = strlen(table->columns), width = 0;

	for (size_t i = column; i < table->cells.n; i += step) {
		size_t length = strlen(table->cells.item[i].text);

		width = length > width ? length : width;
	}
	return (int)width;
}

static bool is_rest_empty(const struct table *table, size_t from, size_t end)
{
	while (from < end && table->cells.item[from].text[0] == '\0')
		from++;
	return from >= end;
}

static void print_row(const struct table *table, size_t first, const int *width, FILE *out)
{
	size_t n = strlen(table->columns);
	size_t end = first + n < table->cells.n ? first + n : table->cells.n;

	for (size_t i = first; i < end && !is_rest_empty(table, i, end); i++) {
		const char *text = table->cells.item[i].text;
		bool is_last = is_rest_empty(table, i + 1, end);

		if (i > first)
			fputs("  ", out);
		if (table->columns[i - first] == 'r')
			fprintf(out, "%*s", width[i - first], text);
		else
			fprintf(out, "%-*s", is_last ? 0 : width[i - first], text);
	}
	fputc('\n', out);
}

void table_print(const struct table *table, FILE *out)
{
	size_t n = strlen(table->columns);
	int width[TABLE_COLUMNS_MAX];

	assert(n <= TABLE_COLUMNS_MAX);
	for (size_t i = 0; i < n; i++)
		width[i] = width_of(table, i);
	for (size_t first = 0; first < table->cells.n; first += n)
		print_row(table, first, width, out);
}

void table_exit(struct table *table)
{
	array_free(&table->cells);
}
