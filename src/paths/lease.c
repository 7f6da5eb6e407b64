/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lease: a slot of the network namespace, taken at start and left clean at the end. */
#include "paths/lease.h"

#include "base/log.h"
#include "paths/slot.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * Theory of operation. Routes and rules carry a mark and lie in the slot's tables, so the kernel
 * itself tells what is left of a dead process; endpoints and limits are in its ledger (store.h). A
 * slot is dead when no process holds it (slot.h). The limits belong to all of our processes in the
 * namespace: they are raised by each as it needs, noted in one ledger, and given back by the last
 * one, or by the next start if the last one was killed. Taking and leaving a slot are done under
 * the store's lock, so that two processes never both think that they are the last.
 */

static bool is_alone(const struct actor *actor)
{
	for (unsigned slot = 0; slot < SLOT_MAX; slot++)
		if (slot != actor->slot && slot_is_held(slot))
			return false;
	return true;
}

/* Endpoints that a living process shares are not among them. */
static size_t count_deletions(const struct plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++)
		n += plan->item[i].kind != PLAN_RELEASE_ENDPOINT;
	return n;
}

/* What a dead process left in this slot. */
static int sweep_slot(struct actor *actor, const struct snapshot *snapshot, unsigned slot,
		      size_t *n_swept)
{
	struct ledger left = {0};
	struct plan plan = {0};
	int error = 0;

	if (store_read(&actor->store, slot, &left) == 0 && actor->has_mptcp)
		error = plan_sweep_endpoints(&plan, snapshot, &left.endpoints);
	if (!error)
		error = plan_sweep(&plan, snapshot, slot);
	if (!error)
		error = actor_run(actor, &plan);
	if (!error)
		store_remove(&actor->store, slot);
	*n_swept += count_deletions(&plan);
	plan_exit(&plan);
	ledger_exit(&left);
	return error;
}

static int sweep(struct actor *actor, struct snapshot *snapshot)
{
	size_t n_swept = 0;
	int error = actor_look(actor, snapshot);

	for (unsigned slot = 0; slot < SLOT_MAX && !error; slot++)
		if (slot == actor->slot || !slot_is_held(slot))
			error = sweep_slot(actor, snapshot, slot, &n_swept);
	if (!error && is_alone(actor))
		actor_restore_limits(actor);
	if (n_swept)
		log_info("removed %zu rules, routes and endpoints that a killed mpbridge had left",
			 n_swept);
	return error;
}

static int claim(struct lease *lease, struct actor *actor)
{
	int error = slot_claim(&actor->slot, &lease->fd);

	if (error == -EBUSY)
		log_error("%d mpbridge processes run in this network namespace already", SLOT_MAX);
	return error;
}

int lease_take(struct lease *lease, struct actor *actor, struct snapshot *snapshot)
{
	int error;

	lease->fd = -1;
	store_lock(&actor->store);
	error = claim(lease, actor);
	if (!error)
		error = sweep(actor, snapshot);
	store_unlock(&actor->store);
	return error;
}

int lease_continue(struct lease *lease, struct actor *actor, unsigned slot, int fd,
		   const char *ledger)
{
	struct ledger handed = {0};
	unsigned line;

	lease->fd = fd;
	actor->slot = slot;
	if (!ledger_parse(ledger, &handed, &line))
		return -EINVAL;
	actor->ledger.endpoints = handed.endpoints;
	actor->limits = handed.limits;
	return 0;
}

void lease_end(struct lease *lease, struct actor *actor, struct snapshot *snapshot)
{
	struct plan plan = {0};

	if (lease->fd < 0)
		return;
	store_lock(&actor->store);
	if (actor_look(actor, snapshot) == 0 &&
	    plan_make(&plan, snapshot, NULL, actor->slot, &actor->ledger.endpoints) == 0)
		actor_run(actor, &plan);
	plan_exit(&plan);
	if (is_alone(actor))
		actor_restore_limits(actor);
	close(lease->fd);
	lease->fd = -1;
	store_unlock(&actor->store);
}
