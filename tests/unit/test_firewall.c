/* SPDX-License-Identifier: GPL-3.0-or-later */
/* firewall/: from a configuration to the text for nft, and to rules and routes. What is
 * expected lies in firewall/NAME.nft, for firewall/NAME.json; the rules and routes are comments. */
#include "world.h"

#include "firewall/marks.h"
#include "firewall/ruleset.h"
#include "firewall/steering.h"

#include <netinet/in.h>

struct example {
	const char *name;
	enum conf_intercept_mode mode;
	bool lacks_ipv6, is_leaving, keeps;
	enum conf_role role; /* 0: a client's */
	bool is_marking;     /* its table of marks alone, and nothing beside it */
};

static const struct example examples[] = {
	{"tproxy", CONF_INTERCEPT_TPROXY, .role = CONF_CLIENT},
	{"redirect", CONF_INTERCEPT_REDIRECT, .role = CONF_CLIENT},
	{"everything-tproxy", CONF_INTERCEPT_TPROXY, .role = CONF_CLIENT},
	{"everything-redirect", CONF_INTERCEPT_REDIRECT, .role = CONF_CLIENT},
	{"direct", CONF_INTERCEPT_TPROXY, .role = CONF_CLIENT},
	{"lone-ipv4-tproxy", CONF_INTERCEPT_TPROXY, .role = CONF_CLIENT},
	{"lone-ipv4-redirect", CONF_INTERCEPT_REDIRECT, .role = CONF_CLIENT},
	{"no-ipv6", CONF_INTERCEPT_TPROXY, .lacks_ipv6 = true},
	{"leaving-tproxy", CONF_INTERCEPT_TPROXY, .is_leaving = true},
	{"leaving-redirect", CONF_INTERCEPT_REDIRECT, .is_leaving = true},
	{"keeping", CONF_INTERCEPT_TPROXY, .keeps = true},
	{"output-only", CONF_INTERCEPT_TPROXY, .role = CONF_CLIENT},
	{"server", CONF_INTERCEPT_TPROXY, .role = CONF_SERVER},
	{"server-mark", CONF_INTERCEPT_TPROXY, .lacks_ipv6 = true, .role = CONF_SERVER},
	{"server-leaving", CONF_INTERCEPT_TPROXY, .is_leaving = true, .role = CONF_SERVER},
	{"marks", .is_marking = true, .role = CONF_CLIENT},
	{"marks-one-family", .is_marking = true, .role = CONF_CLIENT},
	{"marks-server", .is_marking = true, .role = CONF_SERVER},
};

static void path_of(const struct example *example, const char *suffix, char path[static 256])
{
	snprintf(path, 256, "%s/firewall/%s.%s", getenv("TESTS_UNIT"), example->name, suffix);
}

static struct conf read_conf(const struct example *example)
{
	char path[256], flag[] = "-c", name[] = "client";
	char *argv[] = {name, flag, path, NULL};
	struct messages errors = {0}, notes = {0};
	struct conf conf = {0};

	path_of(example, "json", path);
	conf_read(example->role, 3, argv, &conf, &errors, &notes);
	if (errors.count)
		print_error("%s: %s\n", path, errors.text[0]);
	assert_int_equal(errors.count, 0);
	return conf;
}

static const char *network_text(const struct network *network, char buf[static NETWORK_TEXT_BYTES])
{
	return network->prefix_len ? network_format(network, buf) : "everything";
}

static void put_rules(FILE *out, const struct rt_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++) {
		const struct rt_rule *rule = &rules->item[i];

		assert_int_equal(rule->protocol, RT_PROTOCOL_OURS);
		fprintf(out, "# rule %u ipv%d%s from %s", rule->priority,
			rule->to.base.family == AF_INET ? 4 : 6,
			rule->ip_protocol == IPPROTO_TCP ? "" : " of any protocol",
			rule->input[0] ? rule->input : "anywhere");
		if (rule->mark)
			fprintf(out, " mark 0x%08x", rule->mark);
		if (rule->mark_mask & ~rule->mark)
			fprintf(out, " not mark 0x%08x", rule->mark_mask & ~rule->mark);
		if (rule->dest_port)
			fprintf(out, " port %u", rule->dest_port);
		if (rule->dest_port_last)
			fprintf(out, " to %u", rule->dest_port_last);
		fprintf(out, ": table %u\n", rule->table);
	}
}

static void put_routes(FILE *out, const struct rt_routes *routes)
{
	static const char *const types[] = {"unicast", "throw", "blackhole", "local"};

	for (size_t i = 0; i < routes->n; i++) {
		const struct rt_route *route = &routes->item[i];
		char text[NETWORK_TEXT_BYTES];

		assert_int_equal(route->protocol, RT_PROTOCOL_OURS);
		fprintf(out, "# route in table %u ipv%d %s %s\n", route->table,
			route->to.base.family == AF_INET ? 4 : 6, types[route->type],
			network_text(&route->to, text));
	}
}

static char *everything_of(const struct example *example)
{
	struct conf conf = read_conf(example);
	struct snapshot world = {0};
	struct networks always = {0}, nearby = {0};
	struct steering steering = {0};
	struct conf_intercept kept = {0};
	struct intent intent = {.conf = &conf,
				.mode = example->mode,
				.has_ipv6 = !example->lacks_ipv6,
				.user = 65534,
				.always = &always,
				.nearby = &nearby,
				.kept = &kept,
				.is_leaving = example->is_leaving};
	char *text = NULL, *table;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (example->keeps) {
		kept.n_interfaces = 1;
		strcpy(kept.interface[0].name, "gone");
		kept.local_output = true;
	}
	world_address(&world, LO, "127.0.0.1/8");
	world_address(&world, LAN, "192.168.1.1/24");
	world_address(&world, LAN, "fd00:1::1/64");
	world_address(&world, LAN, "fe80::1/64");
	world_address(&world, WAN1, "10.10.1.1/24");
	assert_int_equal(exempt_always(&conf, &world.links, &world.addresses, &always), 0);
	assert_int_equal(exempt_nearby(&world.addresses, &nearby), 0);
	table = ruleset_text(&intent);
	assert_non_null(table);
	assert_int_equal(steering_build(&intent, &steering), 0);
	fputs(table, out);
	put_rules(out, &steering.rules);
	put_routes(out, &steering.routes);
	fclose(out);
	free(table);
	steering_exit(&steering);
	array_free(&always);
	array_free(&nearby);
	snapshot_exit(&world);
	conf_exit(&conf);
	return text;
}

static char *marks_of(const struct example *example)
{
	struct conf conf = read_conf(example);
	char *text;

	assert_true(conf_has_marks(&conf));
	text = marks_text(&conf);
	assert_non_null(text);
	conf_exit(&conf);
	return text;
}

static char *read_all(const char *path)
{
	char *text = calloc(1, 1 << 16);
	FILE *file = fopen(path, "r");

	assert_non_null(file);
	assert_true(fread(text, 1, (1 << 16) - 1, file) > 0);
	fclose(file);
	return text;
}

/* With GOLDEN=write in the environment what is expected is written anew, to be looked at. */
static void test_examples(void **state)
{
	for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++) {
		char *actual = examples[i].is_marking ? marks_of(&examples[i])
						      : everything_of(&examples[i]);
		char *expected;
		const char *golden = getenv("GOLDEN");
		char path[256];

		path_of(&examples[i], "nft", path);
		if (golden && strcmp(golden, "write") == 0) {
			FILE *file = fopen(path, "w");

			assert_non_null(file);
			fputs(actual, file);
			fclose(file);
		}
		expected = read_all(path);
		assert_string_equal(actual, expected);
		free(expected);
		free(actual);
	}
}

/* Without "dscp", or with an empty one, there is to be no table. */
static void test_nothing_to_mark(void **state)
{
	static const struct example server = {"server", CONF_INTERCEPT_TPROXY, .role = CONF_SERVER};
	struct conf conf = read_conf(&server);

	assert_false(conf_has_marks(&conf));
	conf.n_paths = 2;
	assert_false(conf_has_marks(&conf));
	conf.path[1].dscp = CONF_DSCP_CS1;
	assert_true(conf_has_marks(&conf));
	conf_exit(&conf);
}

/* Host bits are no part of a network, and nothing is there twice. */
static void test_exempt_networks(void **state)
{
	static const struct conf conf = {
		.n_servers = 2,
		.server = {{.address = {.family = AF_INET, .ip = {10, 0, 0, 1}}},
			   {.address = {.family = AF_INET, .ip = {10, 0, 0, 1}}}},
		.intercept = {.interface = {{"lan"}}, .n_interfaces = 1},
	};
	struct snapshot world = {0};
	struct networks always = {0};
	struct network inside = world_net("192.168.1.77/32"), outside = world_net("192.168.0.0/16");

	world_address(&world, LAN, "192.168.1.1/24");
	world_address(&world, LAN, "192.168.1.2/24");
	world_address(&world, WAN1, "172.16.0.1/24");
	world_address(&world, LAN, "0.0.0.0/0");
	assert_int_equal(exempt_always(&conf, &world.links, &world.addresses, &always), 0);
	assert_int_equal(always.n, 9 + 1 + 1);
	assert_true(exempt_covers(&always, &inside));
	assert_false(exempt_covers(&always, &outside));
	inside = world_net("172.16.0.2/32");
	assert_false(exempt_covers(&always, &inside));
	array_free(&always);
	snapshot_exit(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_nothing_to_mark),
		cmocka_unit_test(test_exempt_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
