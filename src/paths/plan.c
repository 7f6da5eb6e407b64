/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan: what has to be done to get from what the kernel holds to what is wanted. */
#include "paths/plan.h"

#include "paths/slot.h"

#include <errno.h>

static struct plan_step *add_step(struct plan *plan, enum plan_kind kind)
{
	struct plan_step *step = array_append(plan);

	if (step)
		step->kind = kind;
	return step;
}

/* ---- routes and rules ---- */

/* A step for each of the slot's marked routes in `routes` that is not in `others`. */
static int step_routes(struct plan *plan, enum plan_kind kind, const struct rt_routes *routes,
		       const struct rt_routes *others, unsigned slot)
{
	for (size_t i = 0; i < routes->n; i++) {
		const struct rt_route *route = &routes->item[i];
		struct plan_step *step;

		if (route->protocol != RT_PROTOCOL_OURS || !slot_owns_table(slot, route->table) ||
		    rt_routes_have(others, route))
			continue;
		step = add_step(plan, kind);
		if (!step)
			return -ENOMEM;
		step->route = *route;
	}
	return 0;
}

static int step_rules(struct plan *plan, enum plan_kind kind, const struct rt_rules *rules,
		      const struct rt_rules *others, unsigned slot)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct rt_rule *rule = &rules->item[i];
		struct plan_step *step;

		if (rule->protocol != RT_PROTOCOL_OURS || !slot_owns_table(slot, rule->table) ||
		    rt_rules_have(others, rule))
			continue;
		step = add_step(plan, kind);
		if (!step)
			return -ENOMEM;
		step->rule = *rule;
	}
	return 0;
}

/* ---- endpoints ---- */

/* The endpoint at this address, without a port of its own; NULL: there is none. */
static const struct mptcp_endpoint *endpoint_at(const struct mptcp_endpoints *endpoints,
						const struct address *address)
{
	for (size_t i = 0; i < endpoints->n; i++)
		if (address_equal(&endpoints->item[i].address, address))
			return &endpoints->item[i];
	return NULL;
}

/* Whether it is a backup may change, by us or by hand; it is the same endpoint then. */
static bool is_same(const struct mptcp_endpoint *a, const struct mptcp_endpoint *b)
{
	return a && address_equal(&a->address, &b->address) && a->id == b->id &&
	       ((a->flags ^ b->flags) & ~MPTCP_PM_BACKUP) == 0;
}

static bool has_endpoint(const struct mptcp_endpoints *endpoints,
			 const struct mptcp_endpoint *endpoint)
{
	return is_same(endpoint_at(endpoints, &endpoint->address), endpoint);
}

static bool is_of_same_interface(const struct mptcp_endpoint *a, const struct mptcp_endpoint *b)
{
	return a->ifindex == b->ifindex || a->ifindex == 0 || b->ifindex == 0;
}

/*
 * Whether an endpoint of ours stays. Taking one away closes its subflows, and with them each
 * connection that has no other; so it stays while its path is there and connections may use it,
 * even if it would be made with other flags today, and it stays when no other path is left. Without
 * flags it costs nothing, and stays until the end, or until it is needed with flags.
 */
static bool is_kept(const struct wanted *wanted, const struct mptcp_endpoint *owned)
{
	const struct mptcp_endpoint *endpoint, *used;

	if (!wanted)
		return false;
	endpoint = endpoint_at(&wanted->endpoints, &owned->address);
	used = endpoint_at(&wanted->in_use, &owned->address);
	if (used && is_of_same_interface(used, owned))
		return true;
	if (!endpoint)
		return (owned->flags & ~MPTCP_PM_BACKUP) == 0 || wanted->endpoints.n == 0;
	return is_of_same_interface(endpoint, owned) &&
	       !((endpoint->flags ^ owned->flags) & ~MPTCP_PM_BACKUP);
}

static int delete_endpoints(struct plan *plan, const struct snapshot *actual,
			    const struct wanted *wanted, const struct mptcp_endpoints *owned)
{
	for (size_t i = 0; i < owned->n; i++) {
		const struct mptcp_endpoint *endpoint = &owned->item[i];
		struct plan_step *step;

		if (is_kept(wanted, endpoint) || !has_endpoint(&actual->endpoints, endpoint))
			continue;
		step = add_step(plan, has_endpoint(&actual->shared, endpoint)
					      ? PLAN_RELEASE_ENDPOINT
					      : PLAN_DELETE_ENDPOINT);
		if (!step)
			return -ENOMEM;
		step->endpoint = *endpoint;
	}
	return 0;
}

static bool is_id_taken(const struct mptcp_endpoints *endpoints, const struct plan *plan,
			uint8_t id)
{
	for (size_t i = 0; i < endpoints->n; i++)
		if (endpoints->item[i].id == id)
			return true;
	for (size_t i = 0; i < plan->n; i++)
		if (plan->item[i].kind == PLAN_ADD_ENDPOINT && plan->item[i].endpoint.id == id)
			return true;
	return false;
}

/* From 255 downward: the kernel gives ids from 1 upward to endpoints without a wish. */
static uint8_t free_id(const struct mptcp_endpoints *endpoints, const struct plan *plan)
{
	uint8_t id = 255;

	while (id > 1 && is_id_taken(endpoints, plan, id))
		id--;
	return id;
}

static bool is_deleted(const struct plan *plan, const struct mptcp_endpoint *endpoint)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->item[i].kind == PLAN_DELETE_ENDPOINT &&
		    is_same(&plan->item[i].endpoint, endpoint))
			return true;
	return false;
}

/* An endpoint that is there already, and whoever's it is, does what we need. */
static bool does_the_job(const struct mptcp_endpoint *there, const struct mptcp_endpoint *wanted)
{
	return (there->flags & wanted->flags) == wanted->flags &&
	       !(there->flags & ~wanted->flags & MPTCP_PM_BACKUP) &&
	       (wanted->ifindex == 0 || there->ifindex == 0 || there->ifindex == wanted->ifindex);
}

/* What to do with a wanted endpoint, of which `there` (possibly NULL) is at its address already. */
static enum plan_kind endpoint_step(const struct snapshot *actual,
				    const struct mptcp_endpoint *wanted,
				    const struct mptcp_endpoint *there)
{
	if (!there)
		return PLAN_ADD_ENDPOINT;
	if (does_the_job(there, wanted) && has_endpoint(&actual->shared, there))
		return PLAN_SHARE_ENDPOINT;
	return there->flags & MPTCP_PM_IMPLICIT ? PLAN_ADD_ENDPOINT : PLAN_REFUSE_ENDPOINT;
}

/* One of ours that is there stays as it was made, but for being a backup or not. */
static int change_endpoint(struct plan *plan, const struct mptcp_endpoint *there,
			   const struct mptcp_endpoint *wanted)
{
	struct plan_step *step;

	if (!((there->flags ^ wanted->flags) & MPTCP_PM_BACKUP))
		return 0;
	step = add_step(plan, PLAN_CHANGE_ENDPOINT);
	if (!step)
		return -ENOMEM;
	step->endpoint = *there;
	step->endpoint.flags ^= MPTCP_PM_BACKUP;
	return 0;
}

static int add_endpoint(struct plan *plan, const struct snapshot *actual,
			const struct mptcp_endpoint *wanted, const struct mptcp_endpoints *owned)
{
	const struct mptcp_endpoint *there = endpoint_at(&actual->endpoints, &wanted->address);
	struct plan_step *step;
	enum plan_kind kind;

	if (there && is_deleted(plan, there))
		there = NULL;
	if (there && has_endpoint(owned, there))
		return change_endpoint(plan, there, wanted);
	kind = endpoint_step(actual, wanted, there);
	if (there && does_the_job(there, wanted) && kind != PLAN_SHARE_ENDPOINT)
		return 0;
	step = add_step(plan, kind);
	if (!step)
		return -ENOMEM;
	step->endpoint = kind == PLAN_SHARE_ENDPOINT ? *there : *wanted;
	step->endpoint.id = there ? there->id : free_id(&actual->endpoints, plan);
	step->replaces_implicit = there && kind == PLAN_ADD_ENDPOINT;
	return 0;
}

static int add_endpoints(struct plan *plan, const struct snapshot *actual,
			 const struct wanted *wanted, const struct mptcp_endpoints *owned)
{
	int error = 0;

	for (size_t i = 0; i < wanted->endpoints.n && !error; i++)
		error = add_endpoint(plan, actual, &wanted->endpoints.item[i], owned);
	return error;
}

/* ---- limits ---- */

static uint32_t raised(uint32_t actual, uint32_t wanted)
{
	uint32_t most = wanted < MPTCP_PM_MOST ? wanted : MPTCP_PM_MOST;

	return actual > most ? actual : most;
}

static int raise_limits(struct plan *plan, const struct mptcp_limits *actual,
			const struct mptcp_limits *wanted)
{
	struct mptcp_limits limits = {raised(actual->subflows, wanted->subflows),
				      raised(actual->add_addr_accepted, wanted->add_addr_accepted)};
	struct plan_step *step;

	if (limits.subflows == actual->subflows &&
	    limits.add_addr_accepted == actual->add_addr_accepted)
		return 0;
	step = add_step(plan, PLAN_RAISE_LIMITS);
	if (!step)
		return -ENOMEM;
	step->limits = limits;
	return 0;
}

/* ---- the whole ---- */

static int add_wanted(struct plan *plan, const struct snapshot *actual, const struct wanted *wanted,
		      unsigned slot, const struct mptcp_endpoints *owned)
{
	int error = step_routes(plan, PLAN_ADD_ROUTE, &wanted->routes, &actual->routes, slot);

	if (!error)
		error = step_rules(plan, PLAN_ADD_RULE, &wanted->rules, &actual->rules, slot);
	if (!error && actual->has_mptcp)
		error = raise_limits(plan, &actual->limits, &wanted->limits);
	if (!error && actual->has_mptcp)
		error = add_endpoints(plan, actual, wanted, owned);
	return error;
}

int plan_make(struct plan *plan, const struct snapshot *actual, const struct wanted *wanted,
	      unsigned slot, const struct mptcp_endpoints *owned)
{
	static const struct wanted nothing;
	const struct wanted *kept = wanted ? wanted : &nothing;
	int error = delete_endpoints(plan, actual, wanted, owned);

	if (!error)
		error = step_rules(plan, PLAN_DELETE_RULE, &actual->rules, &kept->rules, slot);
	if (!error)
		error = step_routes(plan, PLAN_DELETE_ROUTE, &actual->routes, &kept->routes, slot);
	if (!error && wanted)
		error = add_wanted(plan, actual, wanted, slot, owned);
	return error;
}

int plan_sweep(struct plan *plan, const struct snapshot *actual, unsigned slot)
{
	static struct mptcp_endpoints
		none; /* stays so: a constant would be 4 KiB of zeros on the disk */

	return plan_make(plan, actual, NULL, slot, &none);
}

int plan_sweep_endpoints(struct plan *plan, const struct snapshot *actual,
			 const struct mptcp_endpoints *left)
{
	return delete_endpoints(plan, actual, NULL, left);
}

void plan_exit(struct plan *plan)
{
	array_free(plan);
}
