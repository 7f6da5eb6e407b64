/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/plan.c: what is there and what is wanted in, steps out, compared as text. */
#include "world.h"

#include "paths/plan.h"
#include "paths/slot.h"

#define TEXT_BYTES 2048
#define SLOT	   2

struct text {
	char bytes[TEXT_BYTES];
	size_t length;
};

static const char *kind_text(enum plan_kind kind)
{
	switch (kind) {
	case PLAN_DELETE_ENDPOINT:
		return "delete endpoint";
	case PLAN_RELEASE_ENDPOINT:
		return "release endpoint";
	case PLAN_SHARE_ENDPOINT:
		return "share endpoint";
	case PLAN_DELETE_RULE:
		return "delete rule";
	case PLAN_DELETE_ROUTE:
		return "delete route";
	case PLAN_ADD_ROUTE:
		return "add route";
	case PLAN_ADD_RULE:
		return "add rule";
	case PLAN_RAISE_LIMITS:
		return "limits";
	case PLAN_ADD_ENDPOINT:
		return "add endpoint";
	case PLAN_CHANGE_ENDPOINT:
		return "change endpoint";
	case PLAN_REFUSE_ENDPOINT:
		return "refuse endpoint";
	}
	return "";
}

static void put_object(const struct plan_step *step, char text[static NETWORK_TEXT_BYTES + 64])
{
	char ip[NETWORK_TEXT_BYTES], gateway[ADDRESS_TEXT_BYTES];

	switch (step->kind) {
	case PLAN_DELETE_ROUTE:
	case PLAN_ADD_ROUTE:
		sprintf(text, "%s via %s", network_format(&step->route.to, ip),
			address_format_ip(&step->route.gateway, gateway));
		break;
	case PLAN_DELETE_RULE:
	case PLAN_ADD_RULE:
		sprintf(text, "to %s", network_format(&step->rule.to, ip));
		break;
	case PLAN_DELETE_ENDPOINT:
	case PLAN_ADD_ENDPOINT:
	case PLAN_CHANGE_ENDPOINT:
	case PLAN_REFUSE_ENDPOINT:
	case PLAN_RELEASE_ENDPOINT:
	case PLAN_SHARE_ENDPOINT:
		sprintf(text, "%s id %u flags %u%s", address_format(&step->endpoint.address, ip),
			step->endpoint.id, step->endpoint.flags,
			step->replaces_implicit ? " replaces" : "");
		break;
	case PLAN_RAISE_LIMITS:
		sprintf(text, "%u %u", step->limits.subflows, step->limits.add_addr_accepted);
		break;
	}
}

/* All that a plan is made from. */
struct scene {
	struct snapshot actual;
	struct wanted wanted;
	struct mptcp_endpoints owned;
	bool is_final;
};

static void expect(struct scene *scene, const char *lines)
{
	struct text text = {.length = 0};
	struct plan plan = {0};

	assert_int_equal(plan_make(&plan, &scene->actual, scene->is_final ? NULL : &scene->wanted,
				   SLOT, &scene->owned),
			 0);
	for (size_t i = 0; i < plan.n; i++) {
		char object[NETWORK_TEXT_BYTES + 64];

		put_object(&plan.item[i], object);
		text.length += (size_t)snprintf(text.bytes + text.length, TEXT_BYTES - text.length,
						"%s %s\n", kind_text(plan.item[i].kind), object);
	}
	assert_string_equal(text.bytes, lines);
	plan_exit(&plan);
	snapshot_exit(&scene->actual);
	wanted_exit(&scene->wanted);
	array_free(&scene->owned);
}

static struct rt_route *add_route(struct rt_routes *routes, const char *to, const char *gateway)
{
	struct rt_route *route = array_append(routes);

	*route = (struct rt_route){.table = slot_table(SLOT, 0),
				   .to = world_net(to),
				   .ifindex = WAN1,
				   .protocol = RT_PROTOCOL_OURS};
	if (gateway)
		route->gateway = world_ip(gateway);
	return route;
}

static struct rt_rule *add_rule(struct rt_rules *rules, const char *to)
{
	struct rt_rule *rule = array_append(rules);

	*rule = (struct rt_rule){.table = slot_table(SLOT, 0),
				 .priority = slot_bound_priority(SLOT),
				 .to = world_net(to),
				 .protocol = RT_PROTOCOL_OURS,
				 .dest_port = 8388};
	return rule;
}

static struct mptcp_endpoint *add_endpoint(struct mptcp_endpoints *endpoints, const char *ip,
					   uint8_t id, uint32_t flags)
{
	struct mptcp_endpoint *endpoint = array_append(endpoints);

	*endpoint = (struct mptcp_endpoint){.address = world_ip(ip), .id = id, .flags = flags};
	return endpoint;
}

static struct scene empty_scene(void)
{
	return (struct scene){.actual = {.has_mptcp = true, .limits = {2, 0}}};
}

/* A scene in which all that is wanted is there. */
static struct scene settled_scene(void)
{
	struct scene scene = empty_scene();

	add_route(&scene.wanted.routes, "10.10.1.0/24", NULL);
	add_route(&scene.wanted.routes, "0.0.0.0/0", "10.10.1.9");
	add_rule(&scene.wanted.rules, "10.10.1.2/32");
	add_endpoint(&scene.wanted.endpoints, "10.10.1.1", 0, MPTCP_PM_SIGNAL);
	add_route(&scene.actual.routes, "0.0.0.0/0", "10.10.1.9");
	add_route(&scene.actual.routes, "10.10.1.0/24", NULL);
	add_rule(&scene.actual.rules, "10.10.1.2/32");
	add_endpoint(&scene.actual.endpoints, "10.10.1.1", 255, MPTCP_PM_SIGNAL);
	add_endpoint(&scene.owned, "10.10.1.1", 255, MPTCP_PM_SIGNAL);
	return scene;
}

static void from_nothing(void **state)
{
	struct scene scene = empty_scene();

	add_route(&scene.wanted.routes, "10.10.1.0/24", NULL);
	add_route(&scene.wanted.routes, "0.0.0.0/0", "10.10.1.9");
	add_rule(&scene.wanted.rules, "10.10.1.2/32");
	add_endpoint(&scene.wanted.endpoints, "10.10.1.1", 0, MPTCP_PM_SIGNAL);
	add_endpoint(&scene.wanted.endpoints, "10.10.2.1", 0, 0);
	scene.wanted.limits = (struct mptcp_limits){3, 1};
	expect(&scene, "add route 10.10.1.0/24 via -\nadd route 0.0.0.0/0 via 10.10.1.9\n"
		       "add rule to 10.10.1.2/32\nlimits 3 1\n"
		       "add endpoint 10.10.1.1 id 255 flags 1\n"
		       "add endpoint 10.10.2.1 id 254 flags 0\n");
}

static void nothing_to_do(void **state)
{
	struct scene scene = settled_scene();

	expect(&scene, "");
}

static void to_nothing(void **state)
{
	struct scene scene = settled_scene();

	scene.is_final = true;
	expect(&scene, "delete endpoint 10.10.1.1 id 255 flags 1\ndelete rule to 10.10.1.2/32\n"
		       "delete route 0.0.0.0/0 via 10.10.1.9\ndelete route 10.10.1.0/24 via -\n");
}

static void gateway_changes(void **state)
{
	struct scene scene = settled_scene();

	scene.wanted.routes.item[1].gateway = world_ip("10.10.1.8");
	expect(&scene, "delete route 0.0.0.0/0 via 10.10.1.9\nadd route 0.0.0.0/0 via 10.10.1.8\n");
}

static void any_difference_counts(void **state)
{
	for (int i = 0; i < 6; i++) {
		struct scene scene = settled_scene();
		struct rt_route *route = &scene.wanted.routes.item[0];

		route->metric = i == 0;
		route->source = i == 1 ? world_ip("10.10.1.1") : route->source;
		route->ifindex = i == 2 ? WAN2 : route->ifindex;
		route->is_onlink = i == 3;
		route->type = i == 4 ? RT_THROW : RT_UNICAST;
		route->metrics_bytes = i == 5 ? 8 : 0;
		expect(&scene, "delete route 10.10.1.0/24 via -\nadd route 10.10.1.0/24 via -\n");
	}
}

static void carrier_makes_no_difference(void **state)
{
	struct scene scene = settled_scene();

	scene.actual.routes.item[0].is_dead = true;
	expect(&scene, "");
}

static void others_are_left_alone(void **state)
{
	struct scene scene = settled_scene();

	add_route(&scene.actual.routes, "10.1.0.0/16", NULL)->table = 254;
	add_route(&scene.actual.routes, "10.2.0.0/16", NULL)->table = slot_table(SLOT + 1, 0);
	add_route(&scene.actual.routes, "10.3.0.0/16", NULL)->protocol = 4;
	add_rule(&scene.actual.rules, "10.4.0.0/16")->table = slot_table(SLOT - 1, 3);
	add_rule(&scene.actual.rules, "10.5.0.0/16")->protocol = 4;
	add_endpoint(&scene.actual.endpoints, "10.6.0.1", 1, MPTCP_PM_SIGNAL);
	scene.is_final = true;
	expect(&scene, "delete endpoint 10.10.1.1 id 255 flags 1\ndelete rule to 10.10.1.2/32\n"
		       "delete route 0.0.0.0/0 via 10.10.1.9\ndelete route 10.10.1.0/24 via -\n");
}

/* ---- endpoints ---- */

static void foreign_endpoint_that_does_the_job(void **state)
{
	struct scene scene = empty_scene();

	add_endpoint(&scene.wanted.endpoints, "10.10.1.1", 0, MPTCP_PM_SIGNAL);
	add_endpoint(&scene.wanted.endpoints, "10.10.2.1", 0, 0);
	add_endpoint(&scene.actual.endpoints, "10.10.1.1", 1, MPTCP_PM_SIGNAL | MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.actual.endpoints, "10.10.2.1", 2, MPTCP_PM_IMPLICIT);
	expect(&scene, "");
}

static void foreign_endpoint_in_the_way(void **state)
{
	struct scene scene = empty_scene();

	add_endpoint(&scene.wanted.endpoints, "10.10.1.1", 0, MPTCP_PM_SIGNAL);
	add_endpoint(&scene.wanted.endpoints, "10.10.2.1", 0, MPTCP_PM_SUBFLOW)->ifindex = WAN2;
	add_endpoint(&scene.wanted.endpoints, "10.10.3.1", 0, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.actual.endpoints, "10.10.1.1", 1, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.actual.endpoints, "10.10.2.1", 2, MPTCP_PM_SUBFLOW)->ifindex = WAN1;
	add_endpoint(&scene.actual.endpoints, "10.10.3.1", 3, MPTCP_PM_SUBFLOW | MPTCP_PM_BACKUP);
	expect(&scene, "refuse endpoint 10.10.1.1 id 1 flags 1\n"
		       "refuse endpoint 10.10.2.1 id 2 flags 2\n"
		       "refuse endpoint 10.10.3.1 id 3 flags 2\n");
}

static void implicit_endpoint_is_replaced(void **state)
{
	struct scene scene = empty_scene();

	add_endpoint(&scene.wanted.endpoints, "10.10.1.1", 0, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.actual.endpoints, "10.10.1.1", 4, MPTCP_PM_IMPLICIT);
	expect(&scene, "add endpoint 10.10.1.1 id 4 flags 2 replaces\n");
}

static void endpoint_with_a_port_is_another(void **state)
{
	struct scene scene = empty_scene();

	add_endpoint(&scene.wanted.endpoints, "10.10.1.1", 0, MPTCP_PM_SIGNAL);
	add_endpoint(&scene.actual.endpoints, "10.10.1.1", 9, MPTCP_PM_SIGNAL)->address.port = 99;
	expect(&scene, "add endpoint 10.10.1.1 id 255 flags 1\n");
}

static void taken_ids_are_skipped(void **state)
{
	struct scene scene = empty_scene();

	add_endpoint(&scene.actual.endpoints, "10.6.0.1", 255, MPTCP_PM_SIGNAL);
	add_endpoint(&scene.actual.endpoints, "10.6.0.2", 253, MPTCP_PM_SIGNAL);
	add_endpoint(&scene.wanted.endpoints, "10.10.1.1", 0, 0);
	add_endpoint(&scene.wanted.endpoints, "10.10.2.1", 0, 0);
	expect(&scene, "add endpoint 10.10.1.1 id 254 flags 0\n"
		       "add endpoint 10.10.2.1 id 252 flags 0\n");
}

/* Making it anew would close subflows that run. */
static void endpoint_keeps_its_purpose(void **state)
{
	struct scene scene = settled_scene();

	scene.wanted.endpoints.item[0].flags = MPTCP_PM_SUBFLOW;
	add_endpoint(&scene.wanted.in_use, "10.10.1.1", 0, MPTCP_PM_SUBFLOW);
	expect(&scene, "");
}

static void endpoint_that_nothing_uses_gets_another_purpose(void **state)
{
	struct scene scene = settled_scene();

	scene.wanted.endpoints.item[0].flags = MPTCP_PM_SUBFLOW;
	expect(&scene, "delete endpoint 10.10.1.1 id 255 flags 1\n"
		       "add endpoint 10.10.1.1 id 254 flags 2\n");
}

/* Nothing is added for a far router on standby, but what is there stays while it is in use. */
static void endpoint_in_use_stays_unwanted(void **state)
{
	struct scene scene = settled_scene();

	add_endpoint(&scene.owned, "10.10.2.1", 254, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.actual.endpoints, "10.10.2.1", 254, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.wanted.in_use, "10.10.2.1", 0, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.wanted.in_use, "10.10.3.1", 0, MPTCP_PM_SUBFLOW);
	expect(&scene, "");
}

static void endpoint_moves_with_its_address(void **state)
{
	struct scene scene = settled_scene();

	scene.wanted.endpoints.item[0].ifindex = WAN1;
	scene.owned.item[0].ifindex = WAN2;
	expect(&scene, "delete endpoint 10.10.1.1 id 255 flags 1\n"
		       "add endpoint 10.10.1.1 id 254 flags 1\n");
}

static void path_that_is_gone_takes_its_endpoint_along(void **state)
{
	struct scene scene = settled_scene();

	add_endpoint(&scene.owned, "10.10.2.1", 254, MPTCP_PM_SIGNAL);
	add_endpoint(&scene.actual.endpoints, "10.10.2.1", 254, MPTCP_PM_SIGNAL);
	expect(&scene, "delete endpoint 10.10.2.1 id 254 flags 1\n");
}

static void last_path_that_is_gone_leaves_its_endpoint(void **state)
{
	struct scene scene = settled_scene();

	scene.wanted.endpoints.n = 0;
	expect(&scene, "");
}

static void endpoint_that_somebody_took_away_comes_back(void **state)
{
	struct scene scene = settled_scene();

	scene.actual.endpoints.n = 0;
	expect(&scene, "add endpoint 10.10.1.1 id 255 flags 1\n");
}

static void endpoint_that_somebody_replaced_is_not_ours(void **state)
{
	struct scene scene = settled_scene();

	scene.actual.endpoints.item[0].id = 7;
	scene.is_final = true;
	scene.actual.routes.n = scene.actual.rules.n = 0;
	expect(&scene, "");
}

/* Two clients of one router: what both need is there as long as one of them runs. */
static void endpoint_of_another_of_ours_is_shared(void **state)
{
	struct scene scene = empty_scene();

	add_endpoint(&scene.wanted.endpoints, "10.10.1.1", 0, 0);
	add_endpoint(&scene.wanted.endpoints, "10.10.2.1", 0, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.actual.endpoints, "10.10.1.1", 255, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.actual.endpoints, "10.10.2.1", 254, 0);
	add_endpoint(&scene.actual.shared, "10.10.1.1", 255, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.actual.shared, "10.10.2.1", 254, 0);
	expect(&scene, "share endpoint 10.10.1.1 id 255 flags 2\n"
		       "refuse endpoint 10.10.2.1 id 254 flags 2\n");
}

static void shared_endpoint_is_left_to_the_other(void **state)
{
	struct scene scene = settled_scene();

	add_endpoint(&scene.actual.shared, "10.10.1.1", 255, MPTCP_PM_SIGNAL);
	scene.actual.routes.n = scene.actual.rules.n = 0;
	scene.is_final = true;
	expect(&scene, "release endpoint 10.10.1.1 id 255 flags 1\n");
}

static void names_stay_until_the_end(void **state)
{
	struct scene scene = settled_scene();

	add_endpoint(&scene.owned, "10.10.2.1", 254, 0);
	add_endpoint(&scene.actual.endpoints, "10.10.2.1", 254, 0);
	expect(&scene, "");
}

static void names_go_at_the_end(void **state)
{
	struct scene scene = empty_scene();

	add_endpoint(&scene.owned, "10.10.1.1", 255, 0);
	add_endpoint(&scene.actual.endpoints, "10.10.1.1", 255, 0);
	scene.is_final = true;
	expect(&scene, "delete endpoint 10.10.1.1 id 255 flags 0\n");
}

/* ---- limits ---- */

static void limits_are_never_lowered(void **state)
{
	struct scene scene = empty_scene();

	scene.actual.limits = (struct mptcp_limits){4, 0};
	scene.wanted.limits = (struct mptcp_limits){1, 2};
	expect(&scene, "limits 4 2\n");
}

static void limits_end_where_the_kernels_do(void **state)
{
	struct scene scene = empty_scene();

	scene.wanted.limits = (struct mptcp_limits){9, 300};
	expect(&scene, "limits 8 8\n");
}

static void without_mptcp_routes_only(void **state)
{
	struct scene scene = empty_scene();

	scene.actual.has_mptcp = false;
	add_rule(&scene.wanted.rules, "10.10.1.2/32");
	add_endpoint(&scene.wanted.endpoints, "10.10.1.1", 0, MPTCP_PM_SIGNAL);
	scene.wanted.limits = (struct mptcp_limits){3, 1};
	expect(&scene, "add rule to 10.10.1.2/32\n");
}

/* ---- sweeping ---- */

static void sweeps_one_slot(void **state)
{
	struct snapshot actual = {0};
	struct plan plan = {0};

	add_route(&actual.routes, "10.1.0.0/16", NULL);
	add_route(&actual.routes, "10.2.0.0/16", NULL)->table = slot_table(SLOT + 1, 0);
	add_rule(&actual.rules, "10.3.0.0/16")->table = slot_table(SLOT, SLOT_TABLES - 1);
	add_rule(&actual.rules, "10.4.0.0/16")->protocol = 4;
	assert_int_equal(plan_sweep(&plan, &actual, SLOT), 0);
	assert_int_equal(plan.n, 2);
	assert_int_equal(plan.item[0].kind, PLAN_DELETE_RULE);
	assert_int_equal(plan.item[1].kind, PLAN_DELETE_ROUTE);
	assert_int_equal(plan.item[1].route.table, slot_table(SLOT, 0));
	plan_exit(&plan);
	snapshot_exit(&actual);
}

/* What has changed since it was noted is somebody else's. */
static void sweeps_unchanged_endpoints(void **state)
{
	struct mptcp_endpoints left = {0};
	struct snapshot actual = {0};
	struct plan plan = {0};

	add_endpoint(&left, "10.10.1.1", 255, 1);
	add_endpoint(&left, "10.10.2.1", 254, 1);
	add_endpoint(&left, "10.10.3.1", 253, 1);
	add_endpoint(&left, "10.10.4.1", 252, 0);
	add_endpoint(&actual.endpoints, "10.10.1.1", 254, 1);
	add_endpoint(&actual.endpoints, "10.10.2.1", 254, 3);
	add_endpoint(&actual.endpoints, "10.10.4.1", 252, 0);
	assert_int_equal(plan_sweep_endpoints(&plan, &actual, &left), 0);
	assert_int_equal(plan.n, 1);
	assert_int_equal(plan.item[0].endpoint.id, 252);
	plan_exit(&plan);
	array_free(&left);
	snapshot_exit(&actual);
}

static void a_backup_is_a_flag_of_the_endpoint_that_is_there(void **state)
{
	struct scene scene = empty_scene();

	add_endpoint(&scene.actual.endpoints, "10.10.1.1", 255, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.actual.endpoints, "10.10.2.1", 254, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.owned, "10.10.1.1", 255, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.owned, "10.10.2.1", 254, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.wanted.endpoints, "10.10.1.1", 0, MPTCP_PM_SUBFLOW);
	add_endpoint(&scene.wanted.endpoints, "10.10.2.1", 0, MPTCP_PM_SUBFLOW | MPTCP_PM_BACKUP);
	expect(&scene, "change endpoint 10.10.2.1 id 254 flags 6\n");

	scene = empty_scene();
	add_endpoint(&scene.actual.endpoints, "10.10.2.1", 254, MPTCP_PM_BACKUP);
	add_endpoint(&scene.owned, "10.10.2.1", 254, 0);
	add_endpoint(&scene.wanted.endpoints, "10.10.2.1", 0, 0);
	expect(&scene, "change endpoint 10.10.2.1 id 254 flags 0\n");
}

static void one_that_became_a_backup_is_still_ours_to_delete(void **state)
{
	struct scene scene = empty_scene();

	scene.is_final = true;
	add_endpoint(&scene.actual.endpoints, "10.10.2.1", 254, MPTCP_PM_BACKUP);
	add_endpoint(&scene.owned, "10.10.2.1", 254, 0);
	expect(&scene, "delete endpoint 10.10.2.1 id 254 flags 0\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_nothing),
		cmocka_unit_test(nothing_to_do),
		cmocka_unit_test(to_nothing),
		cmocka_unit_test(gateway_changes),
		cmocka_unit_test(any_difference_counts),
		cmocka_unit_test(carrier_makes_no_difference),
		cmocka_unit_test(others_are_left_alone),
		cmocka_unit_test(foreign_endpoint_that_does_the_job),
		cmocka_unit_test(foreign_endpoint_in_the_way),
		cmocka_unit_test(implicit_endpoint_is_replaced),
		cmocka_unit_test(endpoint_with_a_port_is_another),
		cmocka_unit_test(taken_ids_are_skipped),
		cmocka_unit_test(endpoint_keeps_its_purpose),
		cmocka_unit_test(endpoint_that_nothing_uses_gets_another_purpose),
		cmocka_unit_test(endpoint_in_use_stays_unwanted),
		cmocka_unit_test(endpoint_moves_with_its_address),
		cmocka_unit_test(path_that_is_gone_takes_its_endpoint_along),
		cmocka_unit_test(last_path_that_is_gone_leaves_its_endpoint),
		cmocka_unit_test(endpoint_that_somebody_took_away_comes_back),
		cmocka_unit_test(endpoint_that_somebody_replaced_is_not_ours),
		cmocka_unit_test(endpoint_of_another_of_ours_is_shared),
		cmocka_unit_test(shared_endpoint_is_left_to_the_other),
		cmocka_unit_test(names_stay_until_the_end),
		cmocka_unit_test(names_go_at_the_end),
		cmocka_unit_test(limits_are_never_lowered),
		cmocka_unit_test(limits_end_where_the_kernels_do),
		cmocka_unit_test(without_mptcp_routes_only),
		cmocka_unit_test(sweeps_one_slot),
		cmocka_unit_test(sweeps_unchanged_endpoints),
		cmocka_unit_test(a_backup_is_a_flag_of_the_endpoint_that_is_there),
		cmocka_unit_test(one_that_became_a_backup_is_still_ours_to_delete),
	};

	RUN_SUITE(tests);
}
