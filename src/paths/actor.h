/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The actor: does the steps of a plan, and keeps the ledger of what cannot be marked. */
#ifndef MPBRIDGE_ACTOR_H
#define MPBRIDGE_ACTOR_H

#include "paths/plan.h"
#include "paths/store.h"

#define ACTOR_FAILURES_MOST 16

struct actor {
	struct netlink route;
	struct mptcp_pm pm;
	bool has_mptcp;
	struct store store;
	unsigned slot;
	struct ledger ledger;	     /* our endpoints */
	struct ledger_limits limits; /* the shared ones; from memory, where there is no store */
	uint32_t failures[ACTOR_FAILURES_MOST]; /* hashes of what was logged as failed, to say it
						   once */
	unsigned n_failures;
};

/*
 * Opens netlink, the MPTCP path manager and the store; says in the log what is missing and can be
 * done without. 0 or -errno; actor_close() may follow in either case.
 */
int actor_open(struct actor *actor);
void actor_close(struct actor *actor);

/*
 * Takes a snapshot of what the kernel holds now, and of what other processes of ours need of it.
 * From then until the plan that is made of it has been run, the store is to be locked. 0 or -errno.
 */
int actor_look(struct actor *actor, struct snapshot *snapshot);

/*
 * Does the steps. One that fails is logged, once until it succeeds, and the others are done all the
 * same. 0, or -EPERM when the kernel does not let us.
 */
int actor_run(struct actor *actor, const struct plan *plan);

/*
 * Deletes our endpoint at this address, which closes its subflows; the next plan adds it again if
 * it is still wanted, and then they are made anew in the connections that run. 0 or -errno;
 * -ENOENT: there is none of ours; -EBUSY: another process of ours needs it, so it is left alone.
 */
int actor_drop_endpoint(struct actor *actor, const struct address *address);

/* Tells the far ends of all subflows of our endpoint at this address that it is a backup. 0 or
 * -errno.
 */
int actor_mark_backup(struct actor *actor, const struct address *address);

/* Forgets endpoints in the ledger that are not in the kernel any more. */
void actor_forget_missing(struct actor *actor, const struct snapshot *actual);

/* The store is locked, and nobody else of ours needs the limits: gives them back if they are still
 * ours. */
void actor_restore_limits(struct actor *actor);

#endif
