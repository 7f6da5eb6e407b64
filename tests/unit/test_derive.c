/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/derive.c, way.c and diagnosis.c: a made-up router in, paths out. */
#include "world.h"

#include "paths/derive.h"
#include "paths/diagnosis.h"

#include <errno.h>
#include <linux/if_addr.h>

static const struct announce nobody;

/* Derives, frees the snapshot, and compares with the expected lines. */
static void expect(const struct conf *conf, struct snapshot *snapshot,
		   const struct announce *witnesses, const char *lines)
{
	struct paths paths;
	char text[1024];

	derive_paths(conf, snapshot, witnesses, &paths);
	assert_string_equal(world_paths_text(&paths, text), lines);
	snapshot_exit(snapshot);
}

static void two_links(struct snapshot *snapshot)
{
	world_address(snapshot, LO, "127.0.0.1/8");
	world_subnet(snapshot, WAN1, "10.10.1.1/24", "10.10.1.0/24");
	world_subnet(snapshot, WAN2, "10.10.2.1/24", "10.10.2.0/24");
	world_subnet(snapshot, LAN, "192.168.1.1/24", "192.168.1.0/24");
}

static void links_in_separate_subnets(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_links(&snapshot);
	world_server(&conf, "10.10.1.2");
	world_server(&conf, "10.10.2.2");
	expect(&conf, &snapshot, &nobody,
	       "wan1 10.10.1.1 > 10.10.1.2 name start\nwan2 10.10.2.1 > 10.10.2.2 name start\n");
}

static void default_route_is_no_private_link(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_links(&snapshot);
	world_subnet(&snapshot, WAN3, "192.0.2.7/24", "192.0.2.0/24");
	world_route(&snapshot, WAN3, "0.0.0.0/0", "192.0.2.1", 0);
	world_server(&conf, "10.10.1.2");
	world_server(&conf, "10.10.2.2");
	expect(&conf, &snapshot, &nobody,
	       "wan1 10.10.1.1 > 10.10.1.2 name start\nwan2 10.10.2.1 > 10.10.2.2 name start\n");
}

static void two_defaults(struct snapshot *snapshot)
{
	world_subnet(snapshot, WAN1, "192.168.1.2/24", "192.168.1.0/24");
	world_subnet(snapshot, WAN2, "192.168.2.2/24", "192.168.2.0/24");
	world_route(snapshot, WAN2, "0.0.0.0/0", "192.168.2.1", 20);
	world_route(snapshot, WAN1, "0.0.0.0/0", "192.168.1.1", 10);
}

static void rented_server(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_defaults(&snapshot);
	world_server(&conf, "198.51.100.1");
	expect(&conf, &snapshot, &nobody,
	       "wan1 192.168.1.2 > 198.51.100.1 dial start\n"
	       "wan2 192.168.2.2 > 198.51.100.1 dial start\n");
}

static void rented_server_by_one_link(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "192.168.1.2/24", "192.168.1.0/24");
	world_route(&snapshot, WAN1, "0.0.0.0/0", "192.168.1.1", 10);
	world_server(&conf, "198.51.100.1");
	expect(&conf, &snapshot, &nobody, "wan1 192.168.1.2 > 198.51.100.1 dial start\n");
}

static void equal_links_share_the_addresses(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_defaults(&snapshot);
	world_server(&conf, "198.51.100.1");
	world_server(&conf, "198.51.100.2");
	expect(&conf, &snapshot, &nobody,
	       "wan1 192.168.1.2 > 198.51.100.1 name start\n"
	       "wan2 192.168.2.2 > 198.51.100.2 name start\n");
}

static void nexthops_of_one_route(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "192.168.1.2/24", "192.168.1.0/24");
	world_subnet(&snapshot, WAN2, "192.168.2.2/24", "192.168.2.0/24");
	world_route(&snapshot, WAN1, "198.51.0.0/16", "192.168.1.1", 0);
	world_route(&snapshot, WAN2, "198.51.0.0/16", "192.168.2.1", 0);
	world_server(&conf, "198.51.100.1");
	expect(&conf, &snapshot, &nobody,
	       "wan1 192.168.1.2 > 198.51.100.1 dial start\n"
	       "wan2 192.168.2.2 > 198.51.100.1 dial start\n");
}

static void third_path_dials(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_links(&snapshot);
	world_subnet(&snapshot, WAN3, "192.0.2.7/24", "192.0.2.0/24");
	world_server(&conf, "10.10.1.2");
	world_server(&conf, "10.10.2.2");
	world_path(&conf, "wan1", NULL, NULL);
	world_path(&conf, "wan2", NULL, NULL);
	world_path(&conf, "wan3", NULL, "192.0.2.1");
	expect(&conf, &snapshot, &nobody,
	       "wan1 10.10.1.1 > 10.10.1.2 name start\nwan2 10.10.2.1 > 10.10.2.2 name start\n"
	       "wan3 192.0.2.7 > 10.10.1.2 dial\n");
}

/* wan3 can follow a connection that begins on wan2, and no other: then all begin there. */
static void connections_begin_where_all_can_follow(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_links(&snapshot);
	world_subnet(&snapshot, WAN3, "192.0.2.7/24", "192.0.2.0/24");
	world_route(&snapshot, WAN3, "10.10.2.0/24", "192.0.2.1", 50);
	world_server(&conf, "10.10.1.2");
	world_server(&conf, "10.10.2.2");
	expect(&conf, &snapshot, &nobody,
	       "wan1 10.10.1.1 > 10.10.1.2 name\nwan2 10.10.2.1 > 10.10.2.2 name start\n"
	       "wan3 192.0.2.7 > 10.10.2.2 dial\n");
}

static void families_mix(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "fd00:1::1/64", "fd00:1::/64");
	world_address(&snapshot, WAN1, "fe80::1/64");
	world_subnet(&snapshot, WAN2, "10.10.2.1/24", "10.10.2.0/24");
	world_server(&conf, "fd00:1::2");
	world_server(&conf, "10.10.2.2");
	expect(&conf, &snapshot, &nobody,
	       "wan1 fd00:1::1 > fd00:1::2 name start\nwan2 10.10.2.1 > 10.10.2.2 name start\n");
}

static void link_without_an_address_of_the_family(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "10.10.1.1/24", "10.10.1.0/24");
	world_subnet(&snapshot, WAN2, "fd00:2::1/64", "fd00:2::/64");
	world_route(&snapshot, WAN2, "10.10.1.0/24", NULL, 7);
	world_server(&conf, "10.10.1.2");
	expect(&conf, &snapshot, &nobody, "wan1 10.10.1.1 > 10.10.1.2 dial start\n");
}

/* An IPv6 address that no link can use is no second address. */
static void unusable_address_does_not_count(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_defaults(&snapshot);
	world_server(&conf, "2001:db8::1");
	world_server(&conf, "198.51.100.1");
	expect(&conf, &snapshot, &nobody,
	       "wan1 192.168.1.2 > 198.51.100.1 dial start\n"
	       "wan2 192.168.2.2 > 198.51.100.1 dial start\n");
}

static void dead_links_are_left_out(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_links(&snapshot);
	snapshot.routes.item[1].is_dead = true;
	world_server(&conf, "10.10.1.2");
	world_server(&conf, "10.10.2.2");
	world_path(&conf, "wan1", NULL, NULL);
	world_path(&conf, "wan2", NULL, NULL);
	world_path(&conf, "wan3", NULL, "10.9.9.9"); /* not there at the moment */
	expect(&conf, &snapshot, &nobody, "wan1 10.10.1.1 > 10.10.1.2 name start\n");
}

static void down_gateway_link_is_left_out(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_links(&snapshot);
	snapshot.links.item[2].is_up = false; /* lo, wan1, wan2 */
	world_server(&conf, "10.10.1.2");
	world_path(&conf, "wan1", NULL, NULL);
	world_path(&conf, "wan2", NULL, "10.10.2.9");
	expect(&conf, &snapshot, &nobody, "wan1 10.10.1.1 > 10.10.1.2 dial start\n");
}

static void nothing_leads_there(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_links(&snapshot);
	world_server(&conf, "198.51.100.1");
	expect(&conf, &snapshot, &nobody, "");
}

static void local_address_is_the_routes_source(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "10.10.1.1/24", "10.10.1.0/24");
	world_address(&snapshot, WAN1, "10.10.1.7/24");
	snapshot.routes.item[0].source = world_ip("10.10.1.7");
	world_server(&conf, "10.10.1.2");
	expect(&conf, &snapshot, &nobody, "wan1 10.10.1.7 > 10.10.1.2 dial start\n");
}

static void local_address_is_near_the_gateway(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_address(&snapshot, WAN1, "10.5.5.5/24");
	world_address(&snapshot, WAN1, "192.168.1.2/24");
	world_route(&snapshot, WAN1, "0.0.0.0/0", "192.168.1.1", 0);
	world_server(&conf, "198.51.100.1");
	expect(&conf, &snapshot, &nobody, "wan1 192.168.1.2 > 198.51.100.1 dial start\n");
}

static void poor_ipv6_addresses_come_last(void **state)
{
	static const uint32_t poor[] = {IFA_F_TENTATIVE, IFA_F_DADFAILED | IFA_F_TENTATIVE,
					IFA_F_DEPRECATED, IFA_F_TEMPORARY};

	for (size_t i = 0; i < sizeof(poor) / sizeof(poor[0]); i++) {
		struct snapshot snapshot = {0};
		struct conf conf = {0};

		world_address(&snapshot, WAN1, "fe80::1/64");
		world_address(&snapshot, WAN1, "2001:db8::bad/64")->flags = poor[i];
		world_address(&snapshot, WAN1, "2001:db8::1/64");
		world_route(&snapshot, WAN1, "::/0", "fe80::9", 1024);
		world_server(&conf, "2001:db8:1::1");
		expect(&conf, &snapshot, &nobody, "wan1 2001:db8::1 > 2001:db8:1::1 dial start\n");
	}
}

static void tentative_address_is_not_ready(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};
	struct paths paths;

	world_subnet(&snapshot, WAN1, "fd00:1::1/64", "fd00:1::/64");
	snapshot.addresses.item[0].flags = IFA_F_TENTATIVE;
	world_server(&conf, "fd00:1::2");
	derive_paths(&conf, &snapshot, &nobody, &paths);
	assert_int_equal(paths.n, 1);
	assert_false(paths.path[0].is_local_ready);
	snapshot_exit(&snapshot);
}

static void configured_addresses_on_one_interface(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "192.168.1.2/24", "192.168.1.0/24");
	world_subnet(&snapshot, WAN1, "192.168.2.2/24", "192.168.2.0/24");
	world_server(&conf, "198.51.100.1");
	world_path(&conf, "wan1", "192.168.1.2", "192.168.1.1");
	world_path(&conf, "wan1", "192.168.2.2", "192.168.2.1");
	expect(&conf, &snapshot, &nobody,
	       "wan1 192.168.1.2 > 198.51.100.1 dial start\n"
	       "wan1 192.168.2.2 > 198.51.100.1 dial start\n");
}

/* ---- server ---- */

static struct conf listening_on(const char *address)
{
	struct conf conf = {.role = CONF_SERVER};

	world_server(&conf, address);
	return conf;
}

static void server_announces_what_was_witnessed(void **state)
{
	struct announce witnesses = {.n = 1, .entry = {{.address = world_ip("10.10.2.1")}}};
	struct conf conf = listening_on("0.0.0.0");
	struct snapshot snapshot = {0};

	two_links(&snapshot);
	expect(&conf, &snapshot, &witnesses,
	       "wan2 10.10.2.1 > - announce\nwan1 10.10.1.1 > - none\nlan 192.168.1.1 > - none\n");
}

static void server_uses_what_its_listeners_accept(void **state)
{
	struct conf conf = listening_on("10.10.1.1");
	struct snapshot snapshot = {0};

	two_links(&snapshot);
	world_address(&snapshot, WAN1, "fd00:1::1/64");
	expect(&conf, &snapshot, &nobody, "wan1 10.10.1.1 > - none\n");
}

static void dual_stack_server_has_a_path_per_family(void **state)
{
	struct conf conf = listening_on("::");
	struct snapshot snapshot = {0};

	world_address(&snapshot, WAN1, "10.10.1.1/24");
	world_address(&snapshot, WAN1, "fe80::1/64");
	world_address(&snapshot, WAN1, "fd00:1::1/64");
	expect(&conf, &snapshot, &nobody, "wan1 10.10.1.1 > - none\nwan1 fd00:1::1 > - none\n");
}

static void configured_server_announces_its_paths(void **state)
{
	struct announce witnesses = {.n = 1, .entry = {{.address = world_ip("192.168.1.1")}}};
	struct conf conf = listening_on("::");
	struct snapshot snapshot = {0};

	two_links(&snapshot);
	world_path(&conf, "wan2", NULL, NULL);
	world_path(&conf, "wan1", "10.10.1.1", "10.10.1.9");
	expect(&conf, &snapshot, &witnesses,
	       "wan2 10.10.2.1 > - announce\nwan1 10.10.1.1 > - announce\n");
}

static void vanished_witness_is_left_out(void **state)
{
	struct announce witnesses = {.n = 1, .entry = {{.address = world_ip("10.10.9.9")}}};
	struct conf conf = listening_on("0.0.0.0");
	struct snapshot snapshot = {0};

	world_address(&snapshot, WAN1, "10.10.1.1/24");
	expect(&conf, &snapshot, &witnesses, "wan1 10.10.1.1 > - none\n");
}

static void more_addresses_than_paths(void **state)
{
	struct conf conf = listening_on("10.10.0.1");
	struct snapshot snapshot = {0};
	struct announce witnesses = {0};
	struct paths paths;

	for (unsigned i = 1; i <= BOARD_PATHS_MAX + 4; i++) {
		char text[NETWORK_TEXT_BYTES];

		snprintf(text, sizeof(text), "10.10.%u.1/24", i);
		world_address(&snapshot, WAN1, text);
		if (witnesses.n < BOARD_PATHS_MAX)
			witnesses.entry[witnesses.n++].address = world_net(text).base;
	}
	world_address(&snapshot, WAN2, "10.10.0.1/24");
	derive_paths(&conf, &snapshot, &witnesses, &paths);
	assert_int_equal(paths.n, BOARD_PATHS_MAX);
	snapshot_exit(&snapshot);
}

/* ---- checks ---- */

static void expect_mistake(struct conf *conf, int error, const char *expected)
{
	struct snapshot snapshot = {0};
	char reason[DIAGNOSIS_BYTES] = "";

	two_links(&snapshot);
	world_link(&snapshot, WAN3);
	world_server(conf, "10.10.1.2");
	assert_int_equal(diagnosis_check(conf, &snapshot, reason), error);
	assert_string_equal(reason, expected);
	snapshot_exit(&snapshot);
}

/* In the order of the paths; a derived one is primary. */
static void expect_roles(const struct conf *conf, struct snapshot *snapshot,
			 const struct announce *witnesses, enum conf_path_role first,
			 enum conf_path_role second)
{
	struct paths paths;

	derive_paths(conf, snapshot, witnesses, &paths);
	assert_int_equal(paths.n, 2);
	assert_int_equal(paths.path[0].role, first);
	assert_int_equal(paths.path[1].role, second);
	snapshot_exit(snapshot);
}

static void configured_paths_have_their_role(void **state)
{
	static const enum conf_role roles[] = {CONF_CLIENT, CONF_SERVER};

	for (int i = 0; i < 2; i++) {
		struct conf conf = {.role = roles[i]};
		struct snapshot snapshot = {0};

		two_links(&snapshot);
		if (conf.role == CONF_CLIENT)
			world_server(&conf, "10.10.1.2");
		world_server(&conf, conf.role == CONF_CLIENT ? "10.10.2.2" : "0.0.0.0");
		world_path(&conf, "wan1", NULL, NULL);
		world_path(&conf, "wan2", NULL, NULL);
		conf.path[0].role = CONF_BACKUP;
		conf.path[1].role = CONF_SECONDARY;
		expect_roles(&conf, &snapshot, &nobody, CONF_BACKUP, CONF_SECONDARY);
	}
}

static void derived_paths_are_primary(void **state)
{
	struct announce witnesses = {.n = 1, .entry = {{.address = world_ip("10.10.1.1")}}};
	struct conf client = {0}, server = {.role = CONF_SERVER};
	struct snapshot snapshot = {0};

	two_links(&snapshot);
	world_server(&client, "10.10.1.2");
	world_server(&client, "10.10.2.2");
	expect_roles(&client, &snapshot, &nobody, CONF_PRIMARY, CONF_PRIMARY);
	world_subnet(&snapshot, WAN1, "10.10.1.1/24", "10.10.1.0/24");
	world_subnet(&snapshot, WAN2, "10.10.2.1/24", "10.10.2.0/24");
	world_server(&server, "0.0.0.0");
	expect_roles(&server, &snapshot, &witnesses, CONF_PRIMARY, CONF_PRIMARY);
}

static void missing_interface_is_a_mistake(void **state)
{
	struct conf conf = {0};

	world_path(&conf, "wan1", NULL, NULL);
	world_path(&conf, "wan9", NULL, NULL);
	expect_mistake(&conf, -ENODEV,
		       "paths[1].interface: there is no interface \"wan9\"; present: lo, wan1, "
		       "wan2, lan, wan3");
}

static void missing_address_is_a_mistake(void **state)
{
	struct conf one = {0}, two = {0};

	world_path(&one, "wan2", "10.10.1.1", NULL);
	expect_mistake(&one, -EADDRNOTAVAIL,
		       "paths[0].address: 10.10.1.1 is not an address of wan2; present: 10.10.2.1");
	world_path(&two, "wan3", "10.10.1.1", NULL);
	expect_mistake(&two, -EADDRNOTAVAIL,
		       "paths[0].address: 10.10.1.1 is not an address of wan3; present: none");
}

static void what_is_there_is_no_mistake(void **state)
{
	struct conf conf = {0};

	world_path(&conf, "wan2", "10.10.2.1", "10.10.2.9");
	world_path(&conf, "wan3", NULL, NULL);
	expect_mistake(&conf, 0, "");
}

/* ---- several far routers ---- */

static void each_router_is_derived_for_itself(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};
	struct paths paths;

	two_links(&snapshot);
	world_subnet(&snapshot, WAN3, "10.20.1.1/24", "10.20.1.0/24");
	world_server(&conf, "10.10.1.2");
	world_server(&conf, "10.10.2.2");
	world_router(&conf, 1, "10.20.1.2");
	derive_paths(&conf, &snapshot, &nobody, &paths);
	assert_int_equal(paths.path[1].router, 0);
	assert_int_equal(paths.path[1].leads, 2);
	assert_int_equal(paths.path[2].router, 1);
	assert_int_equal(paths.path[2].reaches, 4);
	assert_int_equal(paths.path[2].leads, 4);
	expect(&conf, &snapshot, &nobody,
	       "wan1 10.10.1.1 > 10.10.1.2 name start\nwan2 10.10.2.1 > 10.10.2.2 name start\n"
	       "wan3 10.20.1.1 > 10.20.1.2 dial start\n");
}

static void two_routers_over_the_same_links(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_defaults(&snapshot);
	world_server(&conf, "198.51.100.1");
	world_router(&conf, 1, "203.0.113.1");
	expect(&conf, &snapshot, &nobody,
	       "wan1 192.168.1.2 > 198.51.100.1 dial start\n"
	       "wan2 192.168.2.2 > 198.51.100.1 dial start\n"
	       "wan1 192.168.1.2 > 203.0.113.1 dial start\n"
	       "wan2 192.168.2.2 > 203.0.113.1 dial start\n");
}

static void first_routers_paths_go_first(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};
	struct paths paths;

	two_defaults(&snapshot);
	world_server(&conf, "198.51.100.1");
	for (uint8_t router = 1; router < 6; router++) {
		world_router(&conf, router, "203.0.113.1");
		conf.server[router].address.ip[3] = router;
	}
	derive_paths(&conf, &snapshot, &nobody, &paths);
	assert_int_equal(paths.n, BOARD_PATHS_MAX);
	assert_int_equal(paths.n_left_out, 4);
	assert_int_equal(paths.path[BOARD_PATHS_MAX - 1].router, 3);
	snapshot_exit(&snapshot);
}

static void a_router_that_no_link_reaches_has_no_path(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	two_links(&snapshot);
	world_server(&conf, "192.0.2.1");
	world_router(&conf, 1, "10.10.2.2");
	expect(&conf, &snapshot, &nobody, "wan2 10.10.2.1 > 10.10.2.2 dial start\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_router_is_derived_for_itself),
		cmocka_unit_test(two_routers_over_the_same_links),
		cmocka_unit_test(first_routers_paths_go_first),
		cmocka_unit_test(a_router_that_no_link_reaches_has_no_path),
		cmocka_unit_test(links_in_separate_subnets),
		cmocka_unit_test(default_route_is_no_private_link),
		cmocka_unit_test(rented_server),
		cmocka_unit_test(rented_server_by_one_link),
		cmocka_unit_test(equal_links_share_the_addresses),
		cmocka_unit_test(nexthops_of_one_route),
		cmocka_unit_test(third_path_dials),
		cmocka_unit_test(connections_begin_where_all_can_follow),
		cmocka_unit_test(families_mix),
		cmocka_unit_test(link_without_an_address_of_the_family),
		cmocka_unit_test(unusable_address_does_not_count),
		cmocka_unit_test(dead_links_are_left_out),
		cmocka_unit_test(down_gateway_link_is_left_out),
		cmocka_unit_test(nothing_leads_there),
		cmocka_unit_test(local_address_is_the_routes_source),
		cmocka_unit_test(local_address_is_near_the_gateway),
		cmocka_unit_test(poor_ipv6_addresses_come_last),
		cmocka_unit_test(tentative_address_is_not_ready),
		cmocka_unit_test(configured_addresses_on_one_interface),
		cmocka_unit_test(server_announces_what_was_witnessed),
		cmocka_unit_test(server_uses_what_its_listeners_accept),
		cmocka_unit_test(dual_stack_server_has_a_path_per_family),
		cmocka_unit_test(configured_server_announces_its_paths),
		cmocka_unit_test(vanished_witness_is_left_out),
		cmocka_unit_test(more_addresses_than_paths),
		cmocka_unit_test(configured_paths_have_their_role),
		cmocka_unit_test(derived_paths_are_primary),
		cmocka_unit_test(missing_interface_is_a_mistake),
		cmocka_unit_test(missing_address_is_a_mistake),
		cmocka_unit_test(what_is_there_is_no_mistake),
	};

	RUN_SUITE(tests);
}
