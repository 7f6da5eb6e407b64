/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The actor: does the steps of a plan, and keeps the ledger of what cannot be marked. */
#include "paths/actor.h"

#include "base/log.h"
#include "paths/limits.h"
#include "paths/slot.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TEXT_BYTES 320

/* ---- words for the log ---- */

static const char *network_text(const struct network *network, char text[static NETWORK_TEXT_BYTES])
{
	return network->prefix_len ? network_format(network, text) : "anywhere";
}

static void describe_route(const struct rt_route *route, char text[static TEXT_BYTES])
{
	char to[NETWORK_TEXT_BYTES], gateway[ADDRESS_TEXT_BYTES];

	if (route->type == RT_THROW) {
		snprintf(text, TEXT_BYTES, "throw route to %s in table %u",
			 network_text(&route->to, to), route->table);
		return;
	}
	snprintf(text, TEXT_BYTES, "route to %s by %s%sinterface %u in table %u",
		 network_text(&route->to, to),
		 route->gateway.family ? address_format_ip(&route->gateway, gateway) : "",
		 route->gateway.family ? " and " : "", route->ifindex, route->table);
}

static void describe_rule(const struct rt_rule *rule, char text[static TEXT_BYTES])
{
	char from[NETWORK_TEXT_BYTES], to[NETWORK_TEXT_BYTES];

	snprintf(text, TEXT_BYTES, "rule from %s to %s, port %u, for table %u",
		 network_text(&rule->from, from), network_text(&rule->to, to),
		 (unsigned)(rule->source_port ? rule->source_port : rule->dest_port), rule->table);
}

static const char *purpose(uint32_t flags)
{
	if (flags & MPTCP_PM_BACKUP)
		return "as a backup";
	if (flags & MPTCP_PM_SIGNAL)
		return "to announce";
	return flags & MPTCP_PM_SUBFLOW ? "to dial from" : "to name";
}

static void describe(const struct plan_step *step, char text[static TEXT_BYTES])
{
	char ip[ADDRESS_TEXT_BYTES];

	switch (step->kind) {
	case PLAN_ADD_ROUTE:
	case PLAN_DELETE_ROUTE:
		describe_route(&step->route, text);
		break;
	case PLAN_ADD_RULE:
	case PLAN_DELETE_RULE:
		describe_rule(&step->rule, text);
		break;
	case PLAN_ADD_ENDPOINT:
	case PLAN_CHANGE_ENDPOINT:
	case PLAN_DELETE_ENDPOINT:
	case PLAN_REFUSE_ENDPOINT:
	case PLAN_RELEASE_ENDPOINT:
	case PLAN_SHARE_ENDPOINT:
		snprintf(text, TEXT_BYTES, "MPTCP endpoint %s id %u, %s",
			 address_format_ip(&step->endpoint.address, ip), step->endpoint.id,
			 purpose(step->endpoint.flags));
		break;
	case PLAN_RAISE_LIMITS:
		snprintf(text, TEXT_BYTES, "MPTCP limits subflows %u add_addr_accepted %u",
			 step->limits.subflows, step->limits.add_addr_accepted);
		break;
	}
}

static const char *verb(enum plan_kind kind)
{
	switch (kind) {
	case PLAN_ADD_ROUTE:
	case PLAN_ADD_RULE:
	case PLAN_ADD_ENDPOINT:
		return "add";
	case PLAN_DELETE_ROUTE:
	case PLAN_DELETE_RULE:
	case PLAN_DELETE_ENDPOINT:
		return "remove";
	case PLAN_RAISE_LIMITS:
		return "set";
	case PLAN_CHANGE_ENDPOINT:
		return "change";
	case PLAN_REFUSE_ENDPOINT:
		return "use";
	case PLAN_RELEASE_ENDPOINT:
		return "leave";
	case PLAN_SHARE_ENDPOINT:
		return "share";
	}
	return "";
}

/* ---- failures are said once ---- */

static uint32_t hash(const char *text)
{
	uint32_t value = 2166136261u; /* FNV-1a */

	for (; *text; text++)
		value = (value ^ (uint8_t)*text) * 16777619u;
	return value;
}

static bool is_known(const uint32_t *failures, unsigned n, uint32_t failure)
{
	for (unsigned i = 0; i < n; i++)
		if (failures[i] == failure)
			return true;
	return false;
}

/* The failures of one run, while the actor still has those of the run before. */
struct failures {
	uint32_t hash[ACTOR_FAILURES_MOST];
	unsigned n;
};

static void report(struct actor *actor, struct failures *failures, const struct plan_step *step,
		   int error)
{
	char text[TEXT_BYTES];
	uint32_t failure;
	const char *reason = error == -EEXIST ? "somebody else has made one that is in the way"
					      : strerror(-error);

	describe(step, text);
	failure = hash(text) ^ (uint32_t)error;
	if (failures->n < ACTOR_FAILURES_MOST)
		failures->hash[failures->n++] = failure;
	if (!is_known(actor->failures, actor->n_failures, failure))
		log_warning("cannot %s %s: %s", verb(step->kind), text, reason);
}

/* ---- steps ---- */

static void keep(struct actor *actor)
{
	int error = store_write(&actor->store, actor->slot, &actor->ledger);

	if (error)
		log_warning("cannot write to " STORE_DIRECTORY ": %s", strerror(-error));
}

/* The ledger first: a process that is killed in between has noted too much, which does no harm. */
static int add_endpoint(struct actor *actor, const struct plan_step *step)
{
	struct mptcp_endpoint request = step->endpoint;
	int error = ledger_add(&actor->ledger, &step->endpoint);

	if (error)
		return error;
	keep(actor);
	if (step->replaces_implicit)
		request.id = 0;
	error = mptcp_pm_add(&actor->pm, &request);
	if (error) {
		ledger_remove(&actor->ledger, &step->endpoint);
		keep(actor);
	}
	return error;
}

/*
 * One that is not noted in our own ledger is a dead process's, and is being swept: then the file of
 * this slot, which may be that process's ledger, has to stay as it is until all of it is done.
 */
static int release_endpoint(struct actor *actor, const struct mptcp_endpoint *endpoint)
{
	if (ledger_remove(&actor->ledger, endpoint))
		keep(actor);
	return 0;
}

static int delete_endpoint(struct actor *actor, const struct mptcp_endpoint *endpoint)
{
	int error = mptcp_pm_delete(&actor->pm, endpoint);

	if (error && error != -EINVAL) /* EINVAL: it is not there any more */
		return error;
	return release_endpoint(actor, endpoint);
}

static int share_endpoint(struct actor *actor, const struct mptcp_endpoint *endpoint)
{
	int error = ledger_add(&actor->ledger, endpoint);

	keep(actor);
	return error;
}

/* Our processes of this network namespace share one ledger for the limits. */
static void read_limits(struct actor *actor)
{
	struct ledger ledger = {0};

	if (actor->store.directory_fd < 0)
		return;
	store_read(&actor->store, STORE_LIMITS, &ledger);
	actor->limits = ledger.limits;
	ledger_exit(&ledger);
}

static void write_limits(struct actor *actor)
{
	struct ledger ledger = {.limits = actor->limits};
	int error = store_write(&actor->store, STORE_LIMITS, &ledger);

	if (error)
		log_warning("cannot write to " STORE_DIRECTORY ": %s", strerror(-error));
}

static int raise_limits(struct actor *actor, const struct mptcp_limits *wanted)
{
	struct mptcp_limits actual;
	int error = mptcp_pm_get_limits(&actor->pm, &actual);

	if (error)
		return error;
	read_limits(actor);
	limits_note(&actor->limits, &actual, wanted);
	write_limits(actor);
	return mptcp_pm_set_limits(&actor->pm, wanted);
}

static int do_step(struct actor *actor, const struct plan_step *step)
{
	switch (step->kind) {
	case PLAN_DELETE_ENDPOINT:
		return delete_endpoint(actor, &step->endpoint);
	case PLAN_DELETE_RULE:
		return rtnetlink_delete_rule(&actor->route, &step->rule);
	case PLAN_DELETE_ROUTE:
		return rtnetlink_delete_route(&actor->route, &step->route);
	case PLAN_ADD_ROUTE:
		return rtnetlink_add_route(&actor->route, &step->route);
	case PLAN_ADD_RULE:
		return rtnetlink_add_rule(&actor->route, &step->rule);
	case PLAN_RAISE_LIMITS:
		return raise_limits(actor, &step->limits);
	case PLAN_ADD_ENDPOINT:
		return add_endpoint(actor, step);
	case PLAN_CHANGE_ENDPOINT:
		return mptcp_pm_set_backup(&actor->pm, &step->endpoint);
	case PLAN_REFUSE_ENDPOINT:
		return -EEXIST;
	case PLAN_RELEASE_ENDPOINT:
		return release_endpoint(actor, &step->endpoint);
	case PLAN_SHARE_ENDPOINT:
		return share_endpoint(actor, &step->endpoint);
	}
	return 0;
}

/* Links go away together with their routes, so what we delete may be gone already. */
static bool is_gone(enum plan_kind kind, int error)
{
	return (kind == PLAN_DELETE_ROUTE && (error == -ESRCH || error == -ENODEV)) ||
	       (kind == PLAN_DELETE_RULE && error == -ENOENT);
}

/* Adds what another living process of ours notes as needed. */
static int add_shared(const struct actor *actor, unsigned slot, struct mptcp_endpoints *shared)
{
	struct ledger ledger = {0};
	int error = 0;

	store_read(&actor->store, slot, &ledger);
	for (size_t i = 0; i < ledger.endpoints.n && !error; i++) {
		struct mptcp_endpoint *item = array_append(shared);

		if (item)
			*item = ledger.endpoints.item[i];
		else
			error = -ENOMEM;
	}
	ledger_exit(&ledger);
	return error;
}

int actor_look(struct actor *actor, struct snapshot *snapshot)
{
	struct mptcp_pm *pm = actor->has_mptcp ? &actor->pm : NULL;
	int error = snapshot_take(snapshot, &actor->route, pm);

	for (unsigned slot = 0; slot < SLOT_MAX && !error && pm; slot++)
		if (slot != actor->slot && slot_is_held(slot))
			error = add_shared(actor, slot, &snapshot->shared);
	return error;
}

int actor_run(struct actor *actor, const struct plan *plan)
{
	struct failures failures = {.n = 0};

	for (size_t i = 0; i < plan->n; i++) {
		const struct plan_step *step = &plan->item[i];
		char text[TEXT_BYTES];
		int error = do_step(actor, step);

		if (error == -EPERM)
			return error;
		if (error && !is_gone(step->kind, error))
			report(actor, &failures, step, error);
		if (!error && log_is_on(LOG_LEVEL_DEBUG)) {
			describe(step, text);
			log_debug("%s %s", verb(step->kind), text);
		}
	}
	memcpy(actor->failures, failures.hash, sizeof(failures.hash));
	actor->n_failures = failures.n;
	return 0;
}

/* Whether another living process of ours needs the endpoint, too. */
static bool is_shared(const struct actor *actor, const struct mptcp_endpoint *endpoint)
{
	struct mptcp_endpoints shared = {0};
	bool found = false;

	for (unsigned slot = 0; slot < SLOT_MAX; slot++)
		if (slot != actor->slot && slot_is_held(slot))
			add_shared(actor, slot, &shared);
	for (size_t i = 0; i < shared.n; i++)
		found = found || (shared.item[i].id == endpoint->id &&
				  address_equal(&shared.item[i].address, &endpoint->address));
	array_free(&shared);
	return found;
}

static int drop(struct actor *actor, const struct mptcp_endpoint *endpoint)
{
	int error;

	store_lock(&actor->store);
	error = is_shared(actor, endpoint) ? -EBUSY : delete_endpoint(actor, endpoint);
	store_unlock(&actor->store);
	return error;
}

/* One of ours at this address. NULL: there is none, or no MPTCP. */
static const struct mptcp_endpoint *own_at(const struct actor *actor, const struct address *address)
{
	return actor->has_mptcp ? mptcp_endpoint_at(&actor->ledger.endpoints, address) : NULL;
}

int actor_drop_endpoint(struct actor *actor, const struct address *address)
{
	const struct mptcp_endpoint *found = own_at(actor, address);
	struct mptcp_endpoint endpoint;

	if (!found)
		return -ENOENT;
	endpoint = *found; /* which goes from the ledger */
	return drop(actor, &endpoint);
}

/* The kernel tells only of changes. */
int actor_mark_backup(struct actor *actor, const struct address *address)
{
	const struct mptcp_endpoint *found = own_at(actor, address);
	struct mptcp_endpoint endpoint;
	int error;

	if (!found)
		return -ENOENT;
	endpoint = *found;
	endpoint.flags &= ~MPTCP_PM_BACKUP;
	error = mptcp_pm_set_backup(&actor->pm, &endpoint);
	endpoint.flags |= MPTCP_PM_BACKUP;
	return error ? error : mptcp_pm_set_backup(&actor->pm, &endpoint);
}

static bool is_there(const struct snapshot *actual, const struct mptcp_endpoint *endpoint)
{
	for (size_t i = 0; i < actual->endpoints.n; i++)
		if (actual->endpoints.item[i].id == endpoint->id &&
		    address_equal(&actual->endpoints.item[i].address, &endpoint->address))
			return true;
	return false;
}

void actor_forget_missing(struct actor *actor, const struct snapshot *actual)
{
	struct mptcp_endpoints *ours = &actor->ledger.endpoints;
	size_t before = ours->n;
	size_t n = 0;

	for (size_t i = 0; i < before; i++)
		if (is_there(actual, &ours->item[i]))
			ours->item[n++] = ours->item[i];
	ours->n = n;
	if (n < before)
		keep(actor);
}

void actor_restore_limits(struct actor *actor)
{
	struct mptcp_limits actual;
	int error = 0;

	if (!actor->has_mptcp)
		return;
	read_limits(actor);
	if (mptcp_pm_get_limits(&actor->pm, &actual) == 0 &&
	    limits_are_ours(&actor->limits, &actual))
		error = mptcp_pm_set_limits(&actor->pm, &actor->limits.before);
	if (error)
		log_warning("cannot give the MPTCP limits back: %s", strerror(-error));
	store_remove(&actor->store, STORE_LIMITS);
	actor->limits = (struct ledger_limits){0};
}

/* ---- opening ---- */

static int open_mptcp(struct actor *actor)
{
	int error = mptcp_pm_open(&actor->pm);

	actor->has_mptcp = error == 0;
	if (error == -ENOENT)
		log_warning(
			"this kernel has no MPTCP (it was built without CONFIG_MPTCP): carrying "
			"everything over one path");
	else if (error == -EOPNOTSUPP)
		log_warning(
			"this kernel has no MPTCP (net.mptcp.enabled is 0): carrying everything "
			"over one path");
	else if (error)
		log_error("cannot reach the kernel's MPTCP path manager: %s", strerror(-error));
	return error == -ENOENT || error == -EOPNOTSUPP ? 0 : error;
}

int actor_open(struct actor *actor)
{
	int error = netlink_open(&actor->route, NETLINK_ROUTE);

	actor->store = (struct store)STORE_CLOSED;
	if (error) {
		log_error("cannot open a netlink socket: %s", strerror(-error));
		return error;
	}
	error = open_mptcp(actor);
	if (error)
		return error;
	error = store_open(&actor->store);
	if (error)
		log_warning("cannot use " STORE_DIRECTORY
			    " (%s): if this process is killed, its MPTCP "
			    "endpoints and limits stay",
			    strerror(-error));
	return 0;
}

void actor_close(struct actor *actor)
{
	netlink_close(&actor->route);
	mptcp_pm_close(&actor->pm);
	store_close(&actor->store);
	ledger_exit(&actor->ledger);
}
