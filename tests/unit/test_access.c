/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/access.c: who may come, and where to. */
#include "suite.h"

#include "relay/access.h"

#include <string.h>

static struct address ip(const char *text, uint16_t port)
{
	struct address a;

	assert_true(address_parse(text, &a));
	a.port = port;
	return a;
}

static void add_network(struct network *list, unsigned *count, const char *text)
{
	assert_true(network_parse(text, &list[(*count)++]));
}

static struct board_table router(void)
{
	static const char *const own[] = {"127.0.0.1/8", "10.10.1.2/24", "192.168.2.1/24",
					  "fd00:2::1/64"};
	struct board_table table = {0};

	for (size_t i = 0; i < 4; i++) {
		struct board_net *net = &table.net[table.n_nets++];

		assert_true(network_parse(own[i], &net->subnet));
		net->own = net->subnet.base;
	}
	return table;
}

static bool permits(const struct conf *conf, const char *peer)
{
	struct board_table table = router();
	struct address a = ip(peer, 40000);

	return access_permits_peer(conf, &table, &a);
}

static void without_allow_only_neighbours(void **state)
{
	const struct conf conf = {.server_port = 8388};

	(void)state;
	assert_true(permits(&conf, "10.10.1.1"));
	assert_true(permits(&conf, "192.168.2.77"));
	assert_true(permits(&conf, "fd00:2::7"));
	assert_false(permits(&conf, "10.10.2.1"));
	assert_false(permits(&conf, "8.8.8.8"));
	assert_false(permits(&conf, "fd00:3::7"));
}

static void allow_names_who(void **state)
{
	struct conf conf = {.server_port = 8388};

	(void)state;
	add_network(conf.allow, &conf.n_allow, "100.64.0.0/10");
	add_network(conf.allow, &conf.n_allow, "2001:db8::/32");
	assert_true(permits(&conf, "100.64.9.9"));
	assert_true(permits(&conf, "2001:db8::1"));
	assert_false(permits(&conf, "10.10.1.1"));
	assert_false(permits(&conf, "100.128.0.1"));
}

/* Then the key tells who may come, and allow is a fence before it. */
static void with_a_key_everyone_or_allow(void **state)
{
	uint8_t key[32] = {0};
	struct conf conf = {.server_port = 8388, .key = key};

	(void)state;
	assert_true(permits(&conf, "10.10.1.1"));
	assert_true(permits(&conf, "8.8.8.8"));
	assert_true(permits(&conf, "fd00:3::7"));
	add_network(conf.allow, &conf.n_allow, "100.64.0.0/10");
	assert_true(permits(&conf, "100.64.9.9"));
	assert_false(permits(&conf, "10.10.1.1"));
	assert_false(permits(&conf, "8.8.8.8"));
}

static const char *refuses(const struct conf *conf, const char *target, uint16_t port)
{
	struct board_table table = router();
	struct address a = ip(target, port);

	return access_refuses_target(conf, &table, &a);
}

static void refuses_impossible_targets(void **state)
{
	static const char *const texts[] = {
		"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "169.254.1.1",
		"::",	   "::1",	"ff02::1",   "fe80::1",		"::ffff:127.0.0.1"};
	const struct conf conf = {.server_port = 8388};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_non_null(refuses(&conf, texts[i], 80));
	assert_null(refuses(&conf, "192.168.2.2", 80));
	assert_null(refuses(&conf, "8.8.8.8", 8388));
	assert_null(refuses(&conf, "fd00:2::2", 80));
}

static void refuses_its_own_port_and_deny(void **state)
{
	struct conf conf = {.server_port = 8388};

	(void)state;
	assert_non_null(refuses(&conf, "10.10.1.2", 8388));
	assert_non_null(refuses(&conf, "192.168.2.1", 8388));
	assert_null(refuses(&conf, "10.10.1.2", 22));
	add_network(conf.deny, &conf.n_deny, "192.168.2.128/25");
	assert_non_null(refuses(&conf, "192.168.2.200", 80));
	assert_null(refuses(&conf, "192.168.2.100", 80));
}

static const char *refuses_host(const struct conf *conf, const char *host)
{
	struct board_table table = router();
	struct address a = ip(host, 40000);

	return access_refuses_source(conf, &table, &a);
}

/* Nobody, this router, and who is beside it. */
static void refuses_what_is_no_host(void **state)
{
	static const char *const texts[] = {
		"0.0.0.0",   "127.0.0.1",  "224.0.0.1", "255.255.255.255", "169.254.1.1",
		"::",	     "::1",	   "ff02::1",	"fe80::1",	   "192.168.2.1",
		"10.10.1.2", "fd00:2::1",  "10.10.1.1", "192.168.2.77",	   "fd00:2::7",
		"240.0.0.1", "10.10.1.255"};
	const struct conf conf = {.server_port = 8388};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_non_null(refuses_host(&conf, texts[i]));
	assert_null(refuses_host(&conf, "192.168.1.2"));
	assert_null(refuses_host(&conf, "fd00:1::2"));
}

/* Then a neighbour may be named, but not this router. */
static void hosts_are_where_it_is_said(void **state)
{
	struct conf conf = {.server_port = 8388};

	(void)state;
	add_network(conf.transparent, &conf.n_transparent, "192.168.0.0/16");
	add_network(conf.transparent, &conf.n_transparent, "fd00:1::/64");
	assert_null(refuses_host(&conf, "192.168.1.2"));
	assert_null(refuses_host(&conf, "192.168.2.77"));
	assert_null(refuses_host(&conf, "fd00:1::2"));
	assert_non_null(refuses_host(&conf, "192.168.2.1"));
	assert_non_null(refuses_host(&conf, "192.168.2.255"));
	assert_null(refuses_host(&conf, "192.168.1.255"));
	assert_non_null(refuses_host(&conf, "10.77.0.1"));
	assert_non_null(refuses_host(&conf, "fd00:3::2"));
	add_network(conf.transparent, &conf.n_transparent, "0.0.0.0/0");
	assert_non_null(refuses_host(&conf, "127.0.0.1"));
	assert_null(refuses_host(&conf, "10.77.0.1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_allow_only_neighbours),
		cmocka_unit_test(allow_names_who),
		cmocka_unit_test(with_a_key_everyone_or_allow),
		cmocka_unit_test(refuses_impossible_targets),
		cmocka_unit_test(refuses_its_own_port_and_deny),
		cmocka_unit_test(refuses_what_is_no_host),
		cmocka_unit_test(hosts_are_where_it_is_said),
	};

	RUN_SUITE(tests);
}
