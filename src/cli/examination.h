/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The examination: asks the daemons, reads the file, and has src/doctor/ look at all of it. */
#ifndef MPBRIDGE_EXAMINATION_H
#define MPBRIDGE_EXAMINATION_H

#include "cli/ask.h"
#include "doctor/finding.h"

/*
 * Examines those of this network namespace that are meant; with `file` (NULL: none) all that run
 * there, and what it would make of a daemon of whom->role. That takes some seconds. *findings, the
 * worst first, is to be given to findings_free(). For one call in a process: from then on nothing
 * is logged, and keys are wiped.
 */
void examination_make(const struct ask_whom *whom, char *file, struct findings *findings);

#endif
