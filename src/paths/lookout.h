/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lookout: shows the guard what flows have measured, and does what it says. */
#ifndef MPBRIDGE_LOOKOUT_H
#define MPBRIDGE_LOOKOUT_H

#include "paths/failover.h"

/* To be called a few times each second while flows move. */
void lookout_look(struct failover *failover);

/* The same while none does. */
void lookout_rest(struct failover *failover);

#endif
