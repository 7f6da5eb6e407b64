/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of the configuration as a whole, when file and flags have been read. */
#ifndef MPBRIDGE_CHECK_H
#define MPBRIDGE_CHECK_H

#include "conf/draft.h"

/*
 * Looks for what is missing, for addresses that cannot be meant, and for values that do not go
 * together; fills in the defaults that depend on the role. Mistakes go to the draft's errors, what
 * is accepted without meaning to its notes.
 */
void check_draft(struct draft *draft);

#endif
