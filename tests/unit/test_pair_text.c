/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/pair_text.c: links as people write them, and files that a client and a server start with. */
#include "suite.h"

#include "cli/pair_text.h"
#include "conf/check.h"
#include "conf/json.h"
#include "crypto/crypto.h"

#include <string.h>

#define KEY "Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce4="

static struct pair make_pair(const char *method, const char *first, const char *second)
{
	struct pair pair = {.method = method_find(method), .port = 443, .n_links = 2};

	assert_null(pair_read_link(first, &pair.link[0]));
	assert_null(pair_read_link(second, &pair.link[1]));
	pair.key = method_key_bytes(pair.method) > 0 ? KEY : NULL;
	return pair;
}

/* Writes the file of one end, and reads it as that end would. */
static struct conf read_back(const struct pair *pair, enum conf_role role)
{
	static struct messages errors, notes;
	char *text = pair_write(pair, role);
	struct draft draft;
	struct conf conf;

	assert_non_null(text);
	memset(&errors, 0, sizeof(errors));
	memset(&notes, 0, sizeof(notes));
	draft_init(&draft, role, &errors, &notes);
	json_read_text(&draft, "FILE", text, strlen(text));
	check_draft(&draft);
	if (errors.count > 0)
		fail_msg("%s: %s", text, errors.text[0]);
	assert_int_equal(notes.count, 0);
	conf = draft_take(&draft);
	draft_exit(&draft);
	pair_free(text);
	return conf;
}

static void assert_ip(const struct address *a, const char *expected)
{
	char text[ADDRESS_TEXT_BYTES];

	assert_string_equal(address_format_ip(a, text), expected);
}

static void test_links(void **state)
{
	struct pair_link link;

	(void)state;
	assert_null(pair_read_link("10.10.1.2", &link));
	assert_ip(&link.server.address, "10.10.1.2");
	assert_int_equal(link.client.family, 0);
	assert_string_equal(link.interface, "");
	assert_null(pair_read_link("wan1=far.example", &link));
	assert_string_equal(link.server.name, "far.example");
	assert_string_equal(link.interface, "wan1");
	assert_null(pair_read_link("fd00::1=[fd00::2]", &link));
	assert_ip(&link.client, "fd00::1");
	assert_ip(&link.server.address, "fd00::2");
	assert_string_equal(link.interface, "");
	assert_null(pair_read_link("10.10.1.1%wan1=10.10.1.2", &link));
	assert_ip(&link.client, "10.10.1.1");
	assert_string_equal(link.interface, "wan1");
}

static void test_wrong_links(void **state)
{
	static const char *const wrong[] = {
		"",
		"=",
		"=10.10.1.2",
		"wan1=",
		"10.10.1.2:80",
		"10.10.1.0/24",
		"wan1%10.0.0.1=10.0.0.2",
		"10.0.0.1%=10.0.0.2",
		"a b=10.0.0.2",
		"%wan1=10.0.0.2",
		"seventeen_letters=10.0.0.2",
		"a=b=c",
	};
	struct pair_link link, before;

	(void)state;
	memset(&link, 0x5a, sizeof(link));
	before = link;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (!pair_read_link(wrong[i], &link))
			fail_msg("taken: \"%s\"", wrong[i]);
		assert_memory_equal(&link, &before, sizeof(link));
	}
}

static void test_with_everything(void **state)
{
	struct pair pair = make_pair("2022-blake3-aes-256-gcm", "10.10.1.1%wan1=10.10.1.2",
				     "10.10.2.1%wan2=10.10.2.2");
	struct conf client, server;

	(void)state;
	assert_null(pair_find_gap(&pair));
	client = read_back(&pair, CONF_CLIENT);
	server = read_back(&pair, CONF_SERVER);
	assert_int_equal(client.n_servers, 2);
	assert_int_equal(client.n_routers, 1);
	assert_ip(&client.server[1].address, "10.10.2.2");
	assert_int_equal(client.server_port, 443);
	assert_int_equal(client.n_paths, 2);
	assert_string_equal(client.path[1].interface, "wan2");
	assert_ip(&client.path[1].address, "10.10.2.1");
	assert_int_equal(server.n_servers, 2);
	assert_ip(&server.server[0].address, "10.10.1.2");
	assert_int_equal(server.server_port, 443);
	assert_int_equal(server.n_allow, 2);
	assert_ip(&server.allow[1].base, "10.10.2.1");
	assert_int_equal(server.allow[1].prefix_len, 32);
	assert_ptr_equal(client.method, server.method);
	assert_memory_equal(client.key, server.key, 32);
	conf_exit(&client);
	conf_exit(&server);
}

/* Two uplinks to one rented server: one address, two paths; a name is nothing to listen at. */
static void test_uplinks(void **state)
{
	struct pair pair = make_pair("none", "dsl0=far.example", "lte0=far.example");
	struct conf client = read_back(&pair, CONF_CLIENT), server = read_back(&pair, CONF_SERVER);

	(void)state;
	assert_int_equal(client.n_servers, 1);
	assert_int_equal(client.n_paths, 2);
	assert_int_equal(client.path[0].address.family, 0);
	assert_null(client.key);
	assert_int_equal(server.n_servers, 2);
	assert_ip(&server.server[0].address, "0.0.0.0");
	assert_int_equal(server.n_allow, 0);
}

static void test_every_method(void **state)
{
	(void)state;
	for (const struct method *method = method_table; method->name; method++) {
		struct pair pair = make_pair(method->name, "10.10.1.2", "10.10.2.2");
		struct conf conf;

		if (method_key_bytes(method) == 16)
			pair.key = "Lc3tTx0BY6ZJ/fCwOx3JvA==";
		conf = read_back(&pair, CONF_CLIENT);
		assert_ptr_equal(conf.method, method);
		assert_int_equal(conf.key != NULL, method_key_bytes(method) > 0);
		assert_int_equal(conf.n_paths, 0);
		conf_exit(&conf);
	}
}

static void test_gaps(void **state)
{
	struct pair pair = make_pair("none", "wan1=10.10.1.2", "10.10.2.2");

	(void)state;
	assert_non_null(strstr(pair_find_gap(&pair), "an interface"));
	pair = make_pair("none", "10.10.1.1%wan1=10.10.1.2", "wan2=10.10.2.2");
	assert_non_null(strstr(pair_find_gap(&pair), "an address"));
	pair = make_pair("none", "10.10.1.1=10.10.1.2", "10.10.2.1=10.10.2.2");
	assert_null(pair_find_gap(&pair));
}

static int tear_down(void **state)
{
	(void)state;
	crypto_exit();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),		cmocka_unit_test(test_wrong_links),
		cmocka_unit_test(test_with_everything), cmocka_unit_test(test_uplinks),
		cmocka_unit_test(test_every_method),	cmocka_unit_test(test_gaps),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
