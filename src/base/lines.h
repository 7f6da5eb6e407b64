/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text, line by line. */
#ifndef MPBRIDGE_LINES_H
#define MPBRIDGE_LINES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Copies the next line of *text without its newline, and moves *text behind it. One that does not
 * fit is "". False: the text has ended.
 */
bool lines_next(const char **text, char *line, size_t bytes);

#endif
