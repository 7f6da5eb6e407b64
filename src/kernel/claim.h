/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claims: names of a network namespace that one process can hold. */
#ifndef MPBRIDGE_CLAIM_H
#define MPBRIDGE_CLAIM_H

#include <stdbool.h>

/*
 * Claims the name, until the descriptor that is returned is closed (by the death of the process,
 * too). -EBUSY: somebody holds it; another -errno.
 */
int claim_take(const char *name);

/* Whether a live process holds it; true if that cannot be told. */
bool claim_is_held(const char *name);

#endif
