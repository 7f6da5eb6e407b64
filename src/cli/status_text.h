/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer of a daemon (daemon/answer.h), as text for people. */
#ifndef MPBRIDGE_STATUS_TEXT_H
#define MPBRIDGE_STATUS_TEXT_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Writes the state that the JSON text `now` tells. `before`, an earlier answer of the same daemon,
 * makes rates; NULL: there is none. Keys that are missing or have an odd value show as "-": a
 * daemon may be older or younger than this program. False: `now` is no answer, nothing was written.
 */
bool status_text_write(FILE *out, const char *now, const char *before);

#endif
