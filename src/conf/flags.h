/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line: flags into a draft. */
#ifndef MPBRIDGE_FLAGS_H
#define MPBRIDGE_FLAGS_H

#include "conf/draft.h"

#include <stdbool.h>

/*
 * Looks only for what has to be known before the rest: the last -c (NULL: none; it points into
 * argv) and whether there is a -h.
 */
void flags_peek(enum conf_role role, int argc, char **argv, const char **file, bool *is_help);

/*
 * Reads the flags into the draft; they replace what the file gave. Long flags may be shortened, as
 * everywhere. argv[0] is not looked at, and the order of argv is kept. Every mistake goes to the
 * draft's errors.
 */
void flags_read(struct draft *draft, int argc, char **argv);

#endif
