/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file: JSON into a draft. */
#ifndef MPBRIDGE_JSON_H
#define MPBRIDGE_JSON_H

#include "conf/draft.h"

#include <stddef.h>

/*
 * Reads the file into the draft. Its name is kept in draft->file, so it must outlive the draft.
 * Every mistake goes to the draft's errors; there is no other result.
 */
void json_read_file(struct draft *draft, const char *file);

/*
 * The same for a text of `length` bytes that is named `name` in messages; text[length] must be 0.
 * RFC 8259, and besides it, as the programs do that people come from: a comma before a closing
 * bracket or brace, comments of C and C++, and a byte order mark.
 */
void json_read_text(struct draft *draft, const char *name, const char *text, size_t length);

#endif
