/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of messages for the reader of a configuration: every mistake, or every remark. */
#ifndef MPBRIDGE_MESSAGES_H
#define MPBRIDGE_MESSAGES_H

#include <stdbool.h>

#define MESSAGES_MAX	    64
#define MESSAGES_TEXT_BYTES 512

/* Starts as zeroes. Needs no memory of the heap, so adding to it cannot fail. */
struct messages {
	unsigned count; /* all that were added; those past MESSAGES_MAX are only counted */
	char text[MESSAGES_MAX][MESSAGES_TEXT_BYTES];
};

/* Adds a line. What is too long is cut; control characters in it become '?'. */
void messages_add(struct messages *list, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* How many of the lines can be read. */
unsigned messages_kept(const struct messages *list);

/* Whether one of the kept lines contains `text`. */
bool messages_contain(const struct messages *list, const char *text);

#endif
