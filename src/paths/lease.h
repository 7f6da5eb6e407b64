/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lease: a slot of the network namespace, taken at start and left clean at the end. */
#ifndef MPBRIDGE_LEASE_H
#define MPBRIDGE_LEASE_H

#include "paths/actor.h"

struct lease {
	int fd; /* -1: none */
};

/*
 * Takes a free slot for the actor, and sweeps up what killed processes left in this and in other
 * slots that nobody holds, limits included. 0 or -errno; a reason that the caller could not know
 * has been logged. lease_end() may follow in either case.
 */
int lease_take(struct lease *lease, struct actor *actor, struct snapshot *snapshot);

/*
 * Goes on with the slot that the program which ran in this process before has handed over, and with
 * its ledger of endpoints and limits (ledger.h); nothing is swept. 0, -EINVAL (that is no ledger),
 * or -ENOMEM.
 */
int lease_continue(struct lease *lease, struct actor *actor, unsigned slot, int fd,
		   const char *ledger);

/*
 * Removes all that the actor added, gives the limits back if nobody of ours is left who needs them,
 * and lets go of the slot. Harmless without a slot.
 */
void lease_end(struct lease *lease, struct actor *actor, struct snapshot *snapshot);

#endif
