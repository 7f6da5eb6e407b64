/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/wanted.c: paths in, what the kernel has to hold for them out, compared as text. */
#include "world.h"

#include "paths/derive.h"
#include "paths/slot.h"
#include "paths/wanted.h"

#include <linux/if_addr.h>
#include <netinet/in.h>

#define TEXT_BYTES 4096

struct text {
	char bytes[TEXT_BYTES];
	size_t length;
};

static void put_route(struct text *text, const struct rt_route *route)
{
	char to[NETWORK_TEXT_BYTES], gateway[ADDRESS_TEXT_BYTES], source[ADDRESS_TEXT_BYTES];

	text->length += (size_t)snprintf(
		text->bytes + text->length, TEXT_BYTES - text->length,
		"%u: %s%s via %s dev %s src %s metric %u%s\n", route->table,
		route->type == RT_THROW ? "throw " : "", network_format(&route->to, to),
		address_format_ip(&route->gateway, gateway), world_names[route->ifindex],
		address_format_ip(&route->source, source), route->metric,
		route->is_onlink ? " onlink" : "");
	assert_int_equal(route->protocol, RT_PROTOCOL_OURS);
}

static void put_rule(struct text *text, const struct rt_rule *rule)
{
	char from[NETWORK_TEXT_BYTES], to[NETWORK_TEXT_BYTES];

	text->length +=
		(size_t)snprintf(text->bytes + text->length, TEXT_BYTES - text->length,
				 "%u: from %s to %s sport %u dport %u: %u\n", rule->priority,
				 network_format(&rule->from, from), network_format(&rule->to, to),
				 rule->source_port, rule->dest_port, rule->table);
	assert_int_equal(rule->protocol, RT_PROTOCOL_OURS);
	assert_int_equal(rule->ip_protocol, IPPROTO_TCP);
	assert_string_equal(rule->input, "lo");
}

static void put_endpoint(struct text *text, const struct mptcp_endpoint *endpoint)
{
	char ip[ADDRESS_TEXT_BYTES];

	text->length +=
		(size_t)snprintf(text->bytes + text->length, TEXT_BYTES - text->length,
				 "%s flags %u dev %s\n", address_format(&endpoint->address, ip),
				 endpoint->flags, world_names[endpoint->ifindex]);
}

/* Builds what these paths need in slot 1, with tables in order. */
static void build(struct wanted *wanted, const struct conf *conf, const struct snapshot *snapshot)
{
	static const struct announce nobody;
	uint32_t tables[BOARD_PATHS_MAX];
	struct paths paths;

	for (unsigned i = 0; i < BOARD_PATHS_MAX; i++)
		tables[i] = slot_table(1, i);
	derive_paths(conf, snapshot, &nobody, &paths);
	assert_int_equal(wanted_build(wanted, conf, snapshot, &paths, 1, tables), 0);
}

static void expect(const struct conf *conf, struct snapshot *snapshot, const char *lines)
{
	struct wanted wanted = {0};
	struct text text = {.length = 0};

	snapshot->has_mptcp = true;
	build(&wanted, conf, snapshot);
	for (size_t i = 0; i < wanted.routes.n; i++)
		put_route(&text, &wanted.routes.item[i]);
	for (size_t i = 0; i < wanted.rules.n; i++)
		put_rule(&text, &wanted.rules.item[i]);
	for (size_t i = 0; i < wanted.endpoints.n; i++)
		put_endpoint(&text, &wanted.endpoints.item[i]);
	snprintf(text.bytes + text.length, TEXT_BYTES - text.length, "limits %u %u\n",
		 wanted.limits.subflows, wanted.limits.add_addr_accepted);
	assert_string_equal(text.bytes, lines);
	wanted_exit(&wanted);
	snapshot_exit(snapshot);
}

static void links_in_separate_subnets(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "10.10.1.1/24", "10.10.1.0/24");
	world_subnet(&snapshot, WAN2, "10.10.2.1/24", "10.10.2.0/24");
	world_route(&snapshot, WAN1, "172.16.0.0/12", "10.10.1.9", 0); /* leads to no server */
	world_server(&conf, "10.10.1.2");
	world_server(&conf, "10.10.2.2");
	expect(&conf, &snapshot,
	       "52016: 10.10.1.0/24 via - dev wan1 src 10.10.1.1 metric 0\n"
	       "52017: 10.10.2.0/24 via - dev wan2 src 10.10.2.1 metric 0\n"
	       "522: from 10.10.1.1/32 to 10.10.1.2/32 sport 0 dport 8388: 52016\n"
	       "523: from 0.0.0.0/0 to 10.10.1.2/32 sport 0 dport 8388: 52016\n"
	       "522: from 10.10.2.1/32 to 10.10.2.2/32 sport 0 dport 8388: 52017\n"
	       "523: from 0.0.0.0/0 to 10.10.2.2/32 sport 0 dport 8388: 52017\n"
	       "10.10.1.1 flags 0 dev \n10.10.2.1 flags 0 dev \nlimits 8 8\n");
}

static void rented_server(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_route(&snapshot, WAN1, "0.0.0.0/0", "192.168.1.1", 10);
	world_route(&snapshot, WAN2, "0.0.0.0/0", "192.168.2.1", 20);
	world_subnet(&snapshot, WAN1, "192.168.1.2/24", "192.168.1.0/24");
	world_subnet(&snapshot, WAN2, "192.168.2.2/24", "192.168.2.0/24");
	world_server(&conf, "198.51.100.1");
	expect(&conf, &snapshot,
	       "52016: 192.168.1.0/24 via - dev wan1 src 192.168.1.2 metric 0\n"
	       "52016: 0.0.0.0/0 via 192.168.1.1 dev wan1 src 192.168.1.2 metric 10\n"
	       "52017: 192.168.2.0/24 via - dev wan2 src 192.168.2.2 metric 0\n"
	       "52017: 0.0.0.0/0 via 192.168.2.1 dev wan2 src 192.168.2.2 metric 20\n"
	       "522: from 192.168.1.2/32 to 198.51.100.1/32 sport 0 dport 8388: 52016\n"
	       "523: from 0.0.0.0/0 to 198.51.100.1/32 sport 0 dport 8388: 52016\n"
	       "522: from 192.168.2.2/32 to 198.51.100.1/32 sport 0 dport 8388: 52017\n"
	       "192.168.1.2 flags 2 dev wan1\n192.168.2.2 flags 2 dev wan2\nlimits 8 0\n");
}

static void configured_gateway_replaces_the_default(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "192.168.1.2/24", "192.168.1.0/24");
	world_route(&snapshot, WAN1, "0.0.0.0/0", "192.168.1.1", 10);
	world_server(&conf, "198.51.100.1");
	world_path(&conf, "wan1", NULL, "192.168.1.254");
	expect(&conf, &snapshot,
	       "52016: 192.168.1.0/24 via - dev wan1 src 192.168.1.2 metric 0\n"
	       "52016: 0.0.0.0/0 via 192.168.1.254 dev wan1 src 192.168.1.2 metric 0\n"
	       "522: from 192.168.1.2/32 to 198.51.100.1/32 sport 0 dport 8388: 52016\n"
	       "523: from 0.0.0.0/0 to 198.51.100.1/32 sport 0 dport 8388: 52016\n"
	       "192.168.1.2 flags 2 dev wan1\nlimits 8 0\n");
}

static void gateway_outside_the_subnets_is_onlink(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_address(&snapshot, WAN1, "192.168.1.2/32");
	world_server(&conf, "198.51.100.1");
	world_path(&conf, "wan1", NULL, "10.0.0.1");
	expect(&conf, &snapshot,
	       "52016: 0.0.0.0/0 via 10.0.0.1 dev wan1 src 192.168.1.2 metric 0 onlink\n"
	       "522: from 192.168.1.2/32 to 198.51.100.1/32 sport 0 dport 8388: 52016\n"
	       "523: from 0.0.0.0/0 to 198.51.100.1/32 sport 0 dport 8388: 52016\n"
	       "192.168.1.2 flags 2 dev wan1\nlimits 8 0\n");
}

static void link_local_routes_stay_out(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "fd00:1::1/64", "fd00:1::/64");
	world_route(&snapshot, WAN1, "fe80::/64", NULL, 256);
	world_server(&conf, "2001:db8::1");
	world_path(&conf, "wan1", NULL, "fe80::9");
	expect(&conf, &snapshot,
	       "52016: fd00:1::/64 via - dev wan1 src fd00:1::1 metric 0\n"
	       "52016: ::/0 via fe80::9 dev wan1 src fd00:1::1 metric 1024\n"
	       "522: from fd00:1::1/128 to 2001:db8::1/128 sport 0 dport 8388: 52016\n"
	       "523: from ::/0 to 2001:db8::1/128 sport 0 dport 8388: 52016\n"
	       "fd00:1::1 flags 2 dev wan1\nlimits 8 0\n");
}

static void tentative_address_is_no_source(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "fd00:1::1/64", "fd00:1::/64");
	snapshot.addresses.item[0].flags = IFA_F_TENTATIVE;
	world_server(&conf, "fd00:1::2");
	expect(&conf, &snapshot,
	       "52016: fd00:1::/64 via - dev wan1 src - metric 0\n"
	       "522: from fd00:1::1/128 to fd00:1::2/128 sport 0 dport 8388: 52016\n"
	       "523: from ::/0 to fd00:1::2/128 sport 0 dport 8388: 52016\n"
	       "fd00:1::1 flags 2 dev wan1\nlimits 8 0\n");
}

/* By its default route wan1's table would lead to what lies behind the LAN: that is thrown. */
static void server_throws_what_others_reach_better(void **state)
{
	struct conf conf = {.role = CONF_SERVER};
	struct snapshot snapshot = {0};

	world_subnet(&snapshot, WAN1, "10.10.1.2/24", "10.10.1.0/24");
	world_route(&snapshot, WAN1, "0.0.0.0/0", "10.10.1.1", 0);
	world_route(&snapshot, WAN1, "10.77.0.0/16", "10.10.1.1", 0);
	world_route(&snapshot, LAN, "10.77.0.0/16", "10.20.0.9", 5);
	world_route(&snapshot, LAN, "10.30.0.0/16", "10.20.0.9", 0);
	world_route(&snapshot, WAN2, "0.0.0.0/0", "10.10.2.1", 9);
	world_server(&conf, "10.10.1.2");
	expect(&conf, &snapshot,
	       "52016: 10.10.1.0/24 via - dev wan1 src 10.10.1.2 metric 0\n"
	       "52016: 0.0.0.0/0 via 10.10.1.1 dev wan1 src 10.10.1.2 metric 0\n"
	       "52016: 10.77.0.0/16 via 10.10.1.1 dev wan1 src 10.10.1.2 metric 0\n"
	       "52016: throw 10.30.0.0/16 via - dev  src - metric 0\n"
	       "522: from 10.10.1.2/32 to 0.0.0.0/0 sport 8388 dport 0: 52016\n"
	       "limits 8 0\n");
}

static void configured_server_announces(void **state)
{
	struct conf conf = {.role = CONF_SERVER};
	struct snapshot snapshot = {0};

	world_subnet(&snapshot, WAN1, "10.10.1.2/24", "10.10.1.0/24");
	world_server(&conf, "0.0.0.0");
	world_path(&conf, "wan1", NULL, NULL);
	expect(&conf, &snapshot,
	       "52016: 10.10.1.0/24 via - dev wan1 src 10.10.1.2 metric 0\n"
	       "522: from 10.10.1.2/32 to 0.0.0.0/0 sport 8388 dport 0: 52016\n"
	       "10.10.1.2 flags 1 dev \nlimits 8 0\n");
}

/* An attribute of RTA_METRICS at the end of the route's, as the kernel writes it. */
static void add_metric(struct rt_route *route, uint16_t type, const void *payload, size_t bytes)
{
	struct nlattr attribute = {.nla_len = (uint16_t)(NLA_HDRLEN + bytes), .nla_type = type};

	memcpy(route->metrics + route->metrics_bytes, &attribute, sizeof(attribute));
	memcpy(route->metrics + route->metrics_bytes + NLA_HDRLEN, payload, bytes);
	route->metrics_bytes = (uint8_t)(route->metrics_bytes + NLA_ALIGN(attribute.nla_len));
}

static void add_number(struct rt_route *route, uint16_t type, uint32_t number)
{
	add_metric(route, type, &number, sizeof(number));
}

static void assert_metrics(const struct rt_route *route, const struct rt_route *expected)
{
	assert_int_equal(route->metrics_bytes, expected->metrics_bytes);
	assert_memory_equal(route->metrics, expected->metrics, expected->metrics_bytes);
}

#define CONGESTION_LOCK (1u << RTAX_CC_ALGO)

/* wan1 has bbr, wan2 nothing of its own. */
static void build_congestion(struct wanted *wanted, struct conf *conf, struct snapshot *snapshot)
{
	world_address(snapshot, WAN1, "10.10.1.1/24");
	world_subnet(snapshot, WAN2, "10.10.2.1/24", "10.10.2.0/24");
	world_server(conf, "10.10.1.2");
	world_server(conf, "10.10.2.2");
	world_path(conf, "wan1", NULL, "10.10.1.9");
	world_path(conf, "wan2", NULL, NULL);
	strcpy(conf->path[0].congestion.name, "bbr");
	build(wanted, conf, snapshot);
	assert_int_equal(wanted->routes.n, 3);
}

static void congestion_is_a_metric_of_the_paths_routes(void **state)
{
	struct rt_route expected = {0}, none = {0};
	struct snapshot snapshot = {0};
	struct wanted wanted = {0};
	struct conf conf = {0};

	add_number(&expected, RTAX_LOCK, CONGESTION_LOCK);
	add_metric(&expected, RTAX_CC_ALGO, "bbr", 4);
	world_route(&snapshot, WAN1, "10.10.1.0/24", NULL, 0);
	build_congestion(&wanted, &conf, &snapshot);
	assert_metrics(&wanted.routes.item[0], &expected); /* copied */
	assert_metrics(&wanted.routes.item[1], &expected); /* by the configured gateway */
	assert_metrics(&wanted.routes.item[2], &none);	   /* the other path's */
	wanted_exit(&wanted);
	snapshot_exit(&snapshot);
}

/* In the order in which the kernel dumps them, or each look at the kernel would see a change. */
static void congestion_is_put_among_other_metrics(void **state)
{
	struct snapshot snapshot = {0};
	struct rt_route expected = {0};
	struct wanted wanted = {0};
	struct conf conf = {0};
	struct rt_route *route;

	add_number(&expected, RTAX_LOCK, CONGESTION_LOCK | 1u << RTAX_MTU);
	add_number(&expected, RTAX_MTU, 1400);
	add_metric(&expected, RTAX_CC_ALGO, "bbr", 4);
	add_number(&expected, RTAX_FASTOPEN_NO_COOKIE, 1);
	route = world_route(&snapshot, WAN1, "10.10.1.0/24", NULL, 0);
	add_number(route, RTAX_LOCK, 1u << RTAX_MTU);
	add_number(route, RTAX_MTU, 1400);
	add_metric(route, RTAX_CC_ALGO, "cubic", 6);
	add_number(route, RTAX_FASTOPEN_NO_COOKIE, 1);
	build_congestion(&wanted, &conf, &snapshot);
	assert_metrics(&wanted.routes.item[0], &expected);
	wanted_exit(&wanted);
	snapshot_exit(&snapshot);
}

/* More metrics than there is room for: the route is needed, its congestion control less so. */
static void congestion_without_room_is_left_out(void **state)
{
	struct rt_route full = {0}, *route;
	struct snapshot snapshot = {0};
	struct wanted wanted = {0};
	struct conf conf = {0};

	for (uint16_t type = RTAX_MTU; full.metrics_bytes + 8 <= RT_METRICS_BYTES; type++)
		add_number(&full, type, 1);
	route = world_route(&snapshot, WAN1, "10.10.1.0/24", NULL, 0);
	memcpy(route->metrics, full.metrics, full.metrics_bytes);
	route->metrics_bytes = full.metrics_bytes;
	build_congestion(&wanted, &conf, &snapshot);
	assert_metrics(&wanted.routes.item[0], &full);
	wanted_exit(&wanted);
	snapshot_exit(&snapshot);
}

/* A throw route leads nowhere; what is derived has the congestion control of all paths. */
static void derived_paths_have_the_common_congestion(void **state)
{
	struct conf conf = {.role = CONF_SERVER, .congestion = {.name = "bbr"}};
	struct rt_route expected = {0}, none = {0};
	struct snapshot snapshot = {0};
	struct wanted wanted = {0};

	add_number(&expected, RTAX_LOCK, CONGESTION_LOCK);
	add_metric(&expected, RTAX_CC_ALGO, "bbr", 4);
	world_subnet(&snapshot, WAN1, "10.10.1.2/24", "10.10.1.0/24");
	world_route(&snapshot, WAN1, "0.0.0.0/0", "10.10.1.1", 0);
	world_route(&snapshot, LAN, "10.30.0.0/16", "10.20.0.9", 0);
	world_server(&conf, "10.10.1.2");
	build(&wanted, &conf, &snapshot);
	assert_int_equal(wanted.routes.n, 3);
	assert_metrics(&wanted.routes.item[0], &expected);
	assert_metrics(&wanted.routes.item[1], &expected);
	assert_int_equal(wanted.routes.item[2].type, RT_THROW);
	assert_metrics(&wanted.routes.item[2], &none);
	wanted_exit(&wanted);
	snapshot_exit(&snapshot);
}

/* Two clients behind one gateway, one on the subnet, and one that comes by another address of ours.
 */
static void a_client_of_a_secondary_link_has_a_route_of_its_own(void **state)
{
	static const char *const remotes[] = {"192.0.2.7", "10.10.1.77", "10.30.0.9", "10.10.2.9"};
	static const struct announce nobody;
	struct conf conf = {.role = CONF_SERVER, .congestion = {.name = "bbr"}};
	struct rt_route common = {0}, yielding = {0};
	struct snapshot snapshot = {0};
	struct wanted wanted = {0};
	struct spares spares = {0};
	struct text text = {.length = 0};
	const uint32_t table = slot_table(1, 0);
	struct paths paths;

	for (unsigned i = 0; i < 4; i++) {
		struct address local = world_ip(i < 3 ? "10.10.1.2" : "10.10.2.2");
		struct address remote = world_ip(remotes[i]);

		spares_greeted(&spares, GREETING_SPARE, &local, &remote, i);
	}
	add_number(&common, RTAX_LOCK, CONGESTION_LOCK);
	add_metric(&common, RTAX_CC_ALGO, "bbr", 4);
	add_number(&yielding, RTAX_LOCK, CONGESTION_LOCK);
	add_metric(&yielding, RTAX_CC_ALGO, "yields", 7);
	world_subnet(&snapshot, WAN1, "10.10.1.2/24", "10.10.1.0/24");
	world_route(&snapshot, WAN1, "0.0.0.0/0", "10.10.1.1", 0);
	world_route(&snapshot, LAN, "10.30.0.0/16", "10.20.0.9", 0);
	world_server(&conf, "10.10.1.2");
	derive_paths(&conf, &snapshot, &nobody, &paths);
	paths.spares = &spares;
	strcpy(paths.spare_congestion, "yields");
	assert_int_equal(wanted_build(&wanted, &conf, &snapshot, &paths, 1, &table), 0);
	for (size_t i = 0; i < wanted.routes.n; i++)
		put_route(&text, &wanted.routes.item[i]);
	assert_string_equal(text.bytes,
			    "52016: 10.10.1.0/24 via - dev wan1 src 10.10.1.2 metric 0\n"
			    "52016: 0.0.0.0/0 via 10.10.1.1 dev wan1 src 10.10.1.2 metric 0\n"
			    "52016: throw 10.30.0.0/16 via - dev  src - metric 0\n"
			    "52016: 192.0.2.7/32 via 10.10.1.1 dev wan1 src 10.10.1.2 metric 0\n"
			    "52016: 10.10.1.77/32 via - dev wan1 src 10.10.1.2 metric 0\n");
	assert_metrics(&wanted.routes.item[1], &common);
	assert_metrics(&wanted.routes.item[3], &yielding);
	assert_metrics(&wanted.routes.item[4], &yielding);
	wanted_exit(&wanted);
	wanted = (struct wanted){0};
	paths.spare_congestion[0] = '\0'; /* no congestion control yields: the path's own serves */
	assert_int_equal(wanted_build(&wanted, &conf, &snapshot, &paths, 1, &table), 0);
	assert_int_equal(wanted.routes.n, 3);
	wanted_exit(&wanted);
	snapshot_exit(&snapshot);
}

/* A router with the whole Internet's routes: its tables hold what they cannot miss. */
static void very_many_routes_are_not_copied(void **state)
{
	struct conf conf = {.role = CONF_SERVER};
	struct snapshot snapshot = {0};
	struct wanted wanted = {0};

	world_subnet(&snapshot, WAN1, "10.10.1.2/24", "10.10.1.0/24");
	world_route(&snapshot, WAN1, "0.0.0.0/0", "10.10.1.1", 0);
	for (unsigned i = 0; i < 2000; i++) {
		char to[NETWORK_TEXT_BYTES];

		snprintf(to, sizeof(to), "20.%u.%u.0/24", i / 256, i % 256);
		world_route(&snapshot, i % 2 ? WAN1 : WAN2, to, "10.10.1.1", 0);
	}
	world_server(&conf, "0.0.0.0");
	build(&wanted, &conf, &snapshot);
	assert_int_equal(wanted.routes.n, 2);
	wanted_exit(&wanted);
	snapshot_exit(&snapshot);
}

static void same_destination_twice_is_copied_once(void **state)
{
	struct snapshot snapshot = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "10.10.1.1/24", "10.10.1.0/24");
	world_route(&snapshot, WAN1, "20.0.0.0/8", "10.10.1.8", 0);
	world_route(&snapshot, WAN1, "20.0.0.0/8", "10.10.1.9", 0);
	world_server(&conf, "20.0.0.1");
	expect(&conf, &snapshot,
	       "52016: 10.10.1.0/24 via - dev wan1 src 10.10.1.1 metric 0\n"
	       "52016: 20.0.0.0/8 via 10.10.1.8 dev wan1 src 10.10.1.1 metric 0\n"
	       "522: from 10.10.1.1/32 to 20.0.0.1/32 sport 0 dport 8388: 52016\n"
	       "523: from 0.0.0.0/0 to 20.0.0.1/32 sport 0 dport 8388: 52016\n"
	       "10.10.1.1 flags 2 dev wan1\nlimits 8 0\n");
}

static void without_mptcp_no_endpoints(void **state)
{
	struct snapshot snapshot = {0};
	struct wanted wanted = {0};
	struct conf conf = {0};

	world_subnet(&snapshot, WAN1, "10.10.1.1/24", "10.10.1.0/24");
	world_subnet(&snapshot, WAN2, "10.10.2.1/24", "10.10.2.0/24");
	world_server(&conf, "10.10.1.2");
	world_server(&conf, "10.10.2.2");
	build(&wanted, &conf, &snapshot);
	assert_int_equal(wanted.routes.n, 2);
	assert_int_equal(wanted.rules.n, 4);
	assert_int_equal(wanted.endpoints.n, 0);
	assert_int_equal(wanted.limits.subflows, 0);
	wanted_exit(&wanted);
	snapshot_exit(&snapshot);
}

static void a_path_that_is_down_has_no_endpoint_to_dial_from(void **state)
{
	static const struct announce nobody;
	uint32_t tables[BOARD_PATHS_MAX] = {0};
	struct snapshot snapshot = {.has_mptcp = true};
	struct wanted wanted = {0};
	struct conf conf = {0};
	struct paths paths;

	world_route(&snapshot, WAN1, "0.0.0.0/0", "192.168.1.1", 10);
	world_route(&snapshot, WAN2, "0.0.0.0/0", "192.168.2.1", 20);
	world_subnet(&snapshot, WAN1, "192.168.1.2/24", "192.168.1.0/24");
	world_subnet(&snapshot, WAN2, "192.168.2.2/24", "192.168.2.0/24");
	world_server(&conf, "198.51.100.1");
	derive_paths(&conf, &snapshot, &nobody, &paths);
	paths.path[0].is_down = true;
	paths.path[1].is_backup = true;
	assert_int_equal(wanted_build(&wanted, &conf, &snapshot, &paths, 1, tables), 0);
	assert_int_equal(wanted.endpoints.n, 1);
	assert_int_equal(wanted.endpoints.item[0].flags, MPTCP_PM_SUBFLOW | MPTCP_PM_BACKUP);
	wanted_exit(&wanted);
	snapshot_exit(&snapshot);
}

/* ---- several far routers ---- */

/* Endpoints are what the active router's paths need; the other's may be in use. */
static void expect_of_two_routers(bool is_first_active, bool is_other_in_use, bool is_other_down,
				  const char *endpoints, const char *in_use)
{
	struct snapshot snapshot = {.has_mptcp = true};
	const uint32_t tables[BOARD_PATHS_MAX] = {1, 2, 3, 4};
	struct text text = {.length = 0}, used = {.length = 0};
	struct wanted wanted = {0};
	struct conf conf = {0};
	struct paths paths;

	world_subnet(&snapshot, WAN1, "192.168.1.2/24", "192.168.1.0/24");
	world_route(&snapshot, WAN1, "0.0.0.0/0", "192.168.1.1", 10);
	world_subnet(&snapshot, WAN2, "192.168.2.2/24", "192.168.2.0/24");
	world_server(&conf, "192.168.1.1");
	world_server(&conf, "192.168.2.1");
	world_router(&conf, 1, "198.51.100.1");
	derive_paths(&conf, &snapshot, &(struct announce){0}, &paths);
	assert_int_equal(paths.n, 3);
	for (unsigned i = 0; i < paths.n; i++) {
		paths.path[i].is_standby = (paths.path[i].router == 0) != is_first_active;
		paths.path[i].is_in_use = paths.path[i].is_standby && is_other_in_use;
		paths.path[i].is_down = paths.path[i].is_standby && is_other_down;
	}
	assert_int_equal(wanted_build(&wanted, &conf, &snapshot, &paths, 1, tables), 0);
	assert_int_equal(wanted.rules.n, 6);
	for (size_t i = 0; i < wanted.endpoints.n; i++)
		put_endpoint(&text, &wanted.endpoints.item[i]);
	for (size_t i = 0; i < wanted.in_use.n; i++)
		put_endpoint(&used, &wanted.in_use.item[i]);
	assert_string_equal(text.bytes, endpoints);
	assert_string_equal(used.bytes, in_use);
	wanted_exit(&wanted);
	snapshot_exit(&snapshot);
}

static void endpoints_are_the_active_routers(void **state)
{
	const char *first = "192.168.1.2 flags 0 dev \n192.168.2.2 flags 0 dev \n";
	const char *second = "192.168.1.2 flags 2 dev wan1\n";

	expect_of_two_routers(true, false, false, first, "");
	expect_of_two_routers(true, true, false, first, second);
	expect_of_two_routers(false, true, false, second, first);
	expect_of_two_routers(false, true, true, second, "");
}

static void one_address_each_is_told_nothing_more(void **state)
{
	struct snapshot snapshot = {.has_mptcp = true};
	struct conf conf = {0};

	world_server(&conf, "198.51.100.1");
	world_router(&conf, 1, "203.0.113.1");
	expect(&conf, &snapshot, "limits 8 0\n");
	world_router(&conf, 1, "203.0.113.2");
	snapshot = (struct snapshot){.has_mptcp = true};
	expect(&conf, &snapshot, "limits 8 8\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_are_the_active_routers),
		cmocka_unit_test(one_address_each_is_told_nothing_more),
		cmocka_unit_test(links_in_separate_subnets),
		cmocka_unit_test(rented_server),
		cmocka_unit_test(configured_gateway_replaces_the_default),
		cmocka_unit_test(gateway_outside_the_subnets_is_onlink),
		cmocka_unit_test(link_local_routes_stay_out),
		cmocka_unit_test(tentative_address_is_no_source),
		cmocka_unit_test(server_throws_what_others_reach_better),
		cmocka_unit_test(configured_server_announces),
		cmocka_unit_test(congestion_is_a_metric_of_the_paths_routes),
		cmocka_unit_test(congestion_is_put_among_other_metrics),
		cmocka_unit_test(congestion_without_room_is_left_out),
		cmocka_unit_test(derived_paths_have_the_common_congestion),
		cmocka_unit_test(a_client_of_a_secondary_link_has_a_route_of_its_own),
		cmocka_unit_test(very_many_routes_are_not_copied),
		cmocka_unit_test(same_destination_twice_is_copied_once),
		cmocka_unit_test(without_mptcp_no_endpoints),
		cmocka_unit_test(a_path_that_is_down_has_no_endpoint_to_dial_from),
	};

	RUN_SUITE(tests);
}
