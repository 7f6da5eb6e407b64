/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Mistakes in a configuration file: each has its one message, and all of them come at once. */
#include "conf/check.h"
#include "conf/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* A configuration that lacks nothing, with room for one more key. */
#define METHODS                                                                                    \
	"none, auth-only, 2022-blake3-aes-128-gcm, 2022-blake3-aes-256-gcm, "                      \
	"2022-blake3-chacha20-poly1305, aes-128-gcm, aes-256-gcm, chacha20-ietf-poly1305"
#define REQUIRED   "\"server\": \"10.10.1.2\", \"server_port\": 8388, \"method\": \"none\""
#define WITH(json) "{ " REQUIRED ", " json " }"
#define NO_SERVER  "\"server_port\": 8388, \"method\": \"none\""

static struct messages errors, notes;

static void read_bytes(enum conf_role role, const char *text, size_t length, struct draft *draft)
{
	memset(&errors, 0, sizeof(errors));
	memset(&notes, 0, sizeof(notes));
	draft_init(draft, role, &errors, &notes);
	json_read_text(draft, "FILE", text, length);
	check_draft(draft);
}

static void read_text(enum conf_role role, const char *text, struct draft *draft)
{
	read_bytes(role, text, strlen(text), draft);
}

struct mistake {
	const char *json;
	const char *message;
};

/* The text has this one mistake and no other. */
static void assert_mistake(enum conf_role role, const struct mistake *mistake)
{
	struct draft draft;

	read_text(role, mistake->json, &draft);
	if (errors.count != 1)
		print_error("%s: %u messages, the first two: %s; %s\n", mistake->json, errors.count,
			    errors.text[0], errors.text[1]);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.text[0], mistake->message);
}

static void assert_mistakes(enum conf_role role, const struct mistake *mistake, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_mistake(role, &mistake[i]);
}

static void test_syntax(void **state)
{
	static const struct mistake mistakes[] = {
		{"", "FILE: empty: it must be one object, { ... }"},
		{" \n\t\r\n", "FILE: empty: it must be one object, { ... }"},
		{"\xef\xbb\xbf", "FILE: empty: it must be one object, { ... }"},
		{"8388", "FILE: not a configuration: it must be one object, { ... }"},
		{"null", "FILE: not a configuration: it must be one object, { ... }"},
		{"[{}]", "FILE: not a configuration: it must be one object, { ... }"},
		{"{\n\"server\": \"a\"\n\"server_port\": 1\n}",
		 "FILE: line 3: object value separator ',' expected"},
		{"{\n\n\"server\" \"a\" }",
		 "FILE: line 3: object property name separator ':' expected"},
		{"{\n\"timeout\":\n30x\n}", "FILE: line 3: number expected"},
		{"{\n\"server_port\": 1,\n\n", "FILE: line 4: the file ends in the middle: a "
					       "quote, bracket or brace is not closed"},
		{"{ \"server\": \"10.0.0.1", "FILE: line 1: the file ends in the middle: a quote, "
					     "bracket or brace is not closed"},
		{"{ } \n }", "FILE: line 2: something follows the end of the configuration"},
		{"{ }\n{ }", "FILE: line 2: something follows the end of the configuration"},
		{"{\n\"user\": \"\xff\xfe\" }", "FILE: line 2: not UTF-8"},
		{"{\n\"\xc0\xaf\": 1 }", "FILE: line 2: not UTF-8"},
		{"{ }\n// \xed\xa0\x80", "FILE: line 2: not UTF-8"},
		{"{\n\"user\": \"\xf0\x9f\x8c", "FILE: line 2: not UTF-8"},
		{"{\n\"user\": \"root\\u0000x\" }", "FILE: line 2: a NUL character"},
		{"{\n\"server\\u0000x\": 1 }", "FILE: line 2: a NUL character"},
	};

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
}

static void test_nul_byte(void **state)
{
	static const char text[] = "{\n\"server\": \"a\0b\" }";
	struct draft draft;

	read_bytes(CONF_CLIENT, text, sizeof(text) - 1, &draft);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.text[0], "FILE: line 2: a NUL character");
}

/* A backslash that is itself escaped does not begin a NUL. */
static void test_escaped_backslash(void **state)
{
	struct draft draft;

	read_text(CONF_CLIENT, WITH("\"pid_file\": \"\\\\u0000\""), &draft);
	assert_int_equal(errors.count, 0);
	assert_string_equal(draft.conf.pid_file, "\\u0000");
}

static void test_deep_nesting(void **state)
{
	char text[4096];
	struct draft draft;

	memset(text, '[', sizeof(text));
	memcpy(text, "{\n\"paths\":", 10);
	text[sizeof(text) - 1] = '\0';
	read_text(CONF_CLIENT, text, &draft);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.text[0], "FILE: line 2: nested too deeply");
}

static void test_too_long(void **state)
{
	size_t length = 1024 * 1024 + 1;
	char *text = malloc(length + 1);
	struct draft draft;

	assert_non_null(text);
	memset(text, ' ', length);
	memcpy(text, "{}", 2);
	text[length] = '\0';
	read_bytes(CONF_CLIENT, text, length, &draft);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.text[0], "FILE: longer than 1 MiB: not a configuration");
	free(text);
}

/* What people's files have, though RFC 8259 does not. */
static void test_leniency(void **state)
{
	static const char *const texts[] = {
		"{ " REQUIRED ", }",
		"\xef\xbb\xbf{ " REQUIRED " }\r\n",
		"/* the far router */ { " REQUIRED " // here\n }\n// end\n",
		"{ " REQUIRED ", \"local_address\": [\"0.0.0.0\", ] }",
	};
	struct draft draft;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		read_text(CONF_CLIENT, texts[i], &draft);
		assert_int_equal(errors.count, 0);
		assert_int_equal(notes.count, 0);
		assert_int_equal(draft.conf.server_port, 8388);
	}
}

static void test_types(void **state)
{
	static const struct mistake mistakes[] = {
		{"{ " NO_SERVER ", \"server\": 7 }",
		 "FILE: server: found 7; allowed: a list, or an IP address or a host name"},
		{"{ " NO_SERVER ", \"server\": null }",
		 "FILE: server: found null; allowed: a list, or an IP address or a host name"},
		{"{ " NO_SERVER ", \"server\": [] }", "FILE: server: found an empty list; allowed: "
						      "a list, or an IP address or a host name"},
		{"{ " NO_SERVER ", \"server\": [\"a\", true] }",
		 "FILE: server[1]: found true; allowed: an IP address or a host name"},
		{WITH("\"local_address\": {}"),
		 "FILE: local_address: found an object; allowed: a list, or an IP address"},
		{WITH("\"timeout\": true"),
		 "FILE: timeout: found true; allowed: a whole number from 1 to 2592000"},
		{WITH("\"timeout\": [300]"),
		 "FILE: timeout: found a list; allowed: a whole number from 1 to 2592000"},
		{WITH("\"timeout\": \"five\""),
		 "FILE: timeout: found \"five\"; allowed: a whole number from 1 to 2592000"},
		{WITH("\"timeout\": \"\""),
		 "FILE: timeout: found \"\"; allowed: a whole number from 1 to 2592000"},
		{WITH("\"fast_open\": 1"), "FILE: fast_open: found 1; allowed: true or false"},
		{WITH("\"verbose\": \"true\""),
		 "FILE: verbose: found \"true\"; allowed: true or false"},
		{WITH("\"forward\": \"splice\""),
		 "FILE: forward: found \"splice\"; allowed: \"auto\", \"copy\""},
		{WITH("\"forward\": 0"), "FILE: forward: found 0; allowed: \"auto\", \"copy\""},
		{WITH("\"on_peer_down\": \"wait\""),
		 "FILE: on_peer_down: found \"wait\"; allowed: \"refuse\", \"direct\""},
		{WITH("\"on_peer_down\": true"),
		 "FILE: on_peer_down: found true; allowed: \"refuse\", \"direct\""},
		{WITH("\"mode\": \"tcp\""),
		 "FILE: mode: found \"tcp\"; allowed: \"tcp_only\", \"tcp_and_udp\""},
		{WITH("\"user\": \"\""), "FILE: user: found \"\"; allowed: the name of a user"},
		{WITH("\"user\": \"../x\""),
		 "FILE: user: found \"../x\"; allowed: the name of a user"},
		{WITH("\"user\": 0"), "FILE: user: found 0; allowed: the name of a user"},
		{WITH("\"pid_file\": \"\""),
		 "FILE: pid_file: found \"\"; allowed: a text that is not empty"},
		{WITH("\"password\": [\"hunter2\"]"),
		 "FILE: password: not a text; allowed: a text"},
		{WITH("\"paths\": \"wan1\""),
		 "FILE: paths: found \"wan1\"; allowed: a list, each element "
		 "an object as { \"interface\": \"wan1\" }"},
		{WITH("\"paths\": [\"wan1\"]"), "FILE: paths[0]: found \"wan1\"; allowed: an "
						"object as { \"interface\": \"wan1\" }"},
	};

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
}

static void test_numbers(void **state)
{
#define PORT(value)  "{ \"server\": \"a\", \"method\": \"none\", \"server_port\": " value " }"
#define WRONG(found) "FILE: server_port: found " found "; allowed: a whole number from 1 to 65535"
	static const struct mistake mistakes[] = {
		{PORT("0"), WRONG("0")},
		{PORT("-1"), WRONG("-1")},
		{PORT("65536"), WRONG("65536")},
		{PORT("8388.0"), WRONG("8388.0")},
		{PORT("1e400"), WRONG("1e400")},
		{PORT("NaN"), WRONG("NaN")},
		{PORT("18446744073709551616"), WRONG("a number far too high")},
		{PORT("-99999999999999999999999"), WRONG("a number far too low")},
		{PORT("\"65536\""), WRONG("\"65536\"")},
		{PORT("\"18446744073709551617\""), WRONG("\"18446744073709551617\"")},
		{PORT("\" 80\""), WRONG("\" 80\"")},
		{PORT("\"+80\""), WRONG("\"+80\"")},
		{PORT("\"0x50\""), WRONG("\"0x50\"")},
	};

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
}

static void test_bounds(void **state)
{
	static const struct mistake mistakes[] = {
		{WITH("\"timeout\": 0"),
		 "FILE: timeout: found 0; allowed: a whole number from 1 to 2592000"},
		{WITH("\"timeout\": 2592001"),
		 "FILE: timeout: found 2592001; allowed: a whole number from 1 to 2592000"},
		{WITH("\"workers\": 65"),
		 "FILE: workers: found 65; allowed: a whole number from 0 to 64"},
		{WITH("\"workers\": -1"),
		 "FILE: workers: found -1; allowed: a whole number from 0 to 64"},
		{WITH("\"local_port\": 65536"),
		 "FILE: local_port: found 65536; allowed: a whole number from 1 to 65535"},
	};
	struct draft draft;

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
	read_text(CONF_CLIENT, WITH("\"timeout\": 2592000, \"workers\": 64, \"local_port\": 65535"),
		  &draft);
	assert_int_equal(errors.count, 0);
	assert_int_equal(draft.conf.timeout_s, 2592000);
	assert_int_equal(draft.conf.workers, 64);
	assert_int_equal(draft.conf.local_port, 65535);
}

static void test_hosts(void **state)
{
#define SERVER(value) "{ " NO_SERVER ", \"server\": \"" value "\" }"
#define HOST(text)    "FILE: server: found \"" text "; allowed: an IP address or a host name"
	static const struct mistake mistakes[] = {
		{SERVER(""), HOST("\": an empty address")},
		{SERVER("10.0.0.1:8388"),
		 HOST("10.0.0.1:8388\": a port does not belong here: it has "
		      "its own key, server_port or local_port")},
		{SERVER("[fd00::1]:80"), HOST("[fd00::1]:80\": a port does not belong here: it has "
					      "its own key, server_port or local_port")},
		{SERVER("10.0.0.0/8"), HOST("10.0.0.0/8\": a network, where one address is meant")},
		{SERVER("fe80::1%eth0"),
		 HOST("fe80::1%eth0\": an address with a scope (%interface) cannot be used")},
		{SERVER("10.0.0.256"), HOST("10.0.0.256\": neither an IP address nor a host name")},
		{SERVER("10.0.0"), HOST("10.0.0\": neither an IP address nor a host name")},
		{SERVER("fd00::g"), HOST("fd00::g\": neither an IP address nor a host name")},
		{SERVER("[10.0.0.1]"), HOST("[10.0.0.1]\": neither an IP address nor a host name")},
		{SERVER("a..b"), HOST("a..b\": neither an IP address nor a host name")},
		{SERVER("-a.example"), HOST("-a.example\": neither an IP address nor a host name")},
		{SERVER("far router"), HOST("far router\": neither an IP address nor a host name")},
		{SERVER("r\303\274ckweg"),
		 HOST("r\303\274ckweg\": neither an IP address nor a host name")},
	};

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
}

#define ROUTERS(list) "{ " NO_SERVER ", \"server\": [" list "] }"

static void test_routers(void **state)
{
	struct draft draft;

	read_text(CONF_CLIENT,
		  ROUTERS("[\"10.10.1.2\", \"10.10.2.2\"], [\"10.20.1.2\"], [\"far.example\"]"),
		  &draft);
	assert_int_equal(errors.count, 0);
	assert_int_equal(draft.conf.n_servers, 4);
	assert_int_equal(draft.conf.n_routers, 3);
	assert_int_equal(draft.conf.server[0].router, 0);
	assert_int_equal(draft.conf.server[1].router, 0);
	assert_string_equal(draft.conf.server[1].name, "10.10.2.2");
	assert_int_equal(draft.conf.server[2].router, 1);
	assert_string_equal(draft.conf.server[2].name, "10.20.1.2");
	assert_int_equal(draft.conf.server[3].router, 2);
}

/* A flat list is one router, and so is a list of one list. */
static void test_one_router(void **state)
{
	static const char *const texts[] = {
		ROUTERS("\"10.10.1.2\", \"10.10.2.2\""),
		ROUTERS("[\"10.10.1.2\", \"10.10.2.2\"]"),
	};
	struct draft draft;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		read_text(CONF_CLIENT, texts[i], &draft);
		assert_int_equal(errors.count, 0);
		assert_int_equal(draft.conf.n_servers, 2);
		assert_int_equal(draft.conf.n_routers, 1);
		assert_int_equal(draft.conf.server[0].router + draft.conf.server[1].router, 0);
	}
}

static void test_router_mistakes(void **state)
{
#define NO_LIST                                                                                    \
	": not a list, as others here are; allowed: the addresses of one far router, or a list "   \
	"of addresses for each"
#define NO_HOST "; allowed: an IP address or a host name"
	static const struct mistake mistakes[] = {
		{ROUTERS("[\"10.0.0.1\"], \"10.0.0.2\""), "FILE: server[1]" NO_LIST},
		{ROUTERS("\"10.0.0.1\", [\"10.0.0.2\"]"), "FILE: server[0]" NO_LIST},
		{ROUTERS("[\"10.0.0.1\"], 7"), "FILE: server[1]" NO_LIST},
		{ROUTERS("[\"10.0.0.1\"], []"),
		 "FILE: server[1]: found an empty list; allowed: the addresses of a far router"},
		{ROUTERS("[]"),
		 "FILE: server[0]: found an empty list; allowed: the addresses of a far router"},
		{ROUTERS("[\"10.0.0.1\"], [\"10.0.0.2\", [\"10.0.0.3\"]]"),
		 "FILE: server[1][1]: found a list" NO_HOST},
		{ROUTERS("[[[[]]]]"), "FILE: server[0][0]: found a list" NO_HOST},
		{ROUTERS("[[]]"), "FILE: server[0][0]: found an empty list" NO_HOST},
		{ROUTERS("[\"10.0.0.1\"], [\"\"]"),
		 "FILE: server[1][0]: found \"\": an empty address" NO_HOST},
		{ROUTERS("[\"10.0.0.1\"], [true]"), "FILE: server[1][0]: found true" NO_HOST},
		{ROUTERS("[\"10.0.0.1\", \"10.0.0.2\"], [\"10.0.0.3\", \"10.0.0.2\"]"),
		 "FILE: server[1][1]: 10.0.0.2 is an address of another router, too"},
		{ROUTERS("[\"a.example\"], [\"A.example\"]"),
		 "FILE: server[1][0]: A.example is an address of another router, too"},
		{ROUTERS("[\"10.0.0.1\"], [\"10.0.0.2\", \"10.0.0.2\"]"),
		 "FILE: server[1][1]: 10.0.0.2 is in the list twice"},
		{ROUTERS("[\"10.0.0.1\"], [\"10.0.0.2\", \"224.0.0.1\"]"),
		 "FILE: server[1][1]: found 224.0.0.1, a multicast address; allowed: addresses of "
		 "the far router"},
		{ROUTERS("[\"10.0.0.1\"], [\"127.0.0.1\"]"),
		 "FILE: server[1][0]: found 127.0.0.1, a loopback address among others; allowed: "
		 "addresses of the far router"},
		{ROUTERS("[\"a\", \"b\", \"c\", \"d\", \"e\"], [\"f\", \"g\", \"h\", \"i\"]"),
		 "FILE: server[1][3]: too many; allowed: at most 8"},
		{ROUTERS("[\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\", \"i\"]"),
		 "FILE: server[0]: found a list of 9; allowed: at most 8"},
	};
	static const struct mistake on_server = {
		ROUTERS("\"10.0.0.1\", [\"10.0.0.2\"]"),
		"FILE: server[1]: found a list" NO_HOST,
	};

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
	assert_mistake(CONF_SERVER, &on_server);
}

static void test_addresses(void **state)
{
#define FAR(address, what)                                                                         \
	{                                                                                          \
		SERVER(address), "FILE: server: found " address ", " what                          \
				 "; allowed: addresses of the far router"                          \
	}
	static const struct mistake mistakes[] = {
		FAR("0.0.0.0", "an unspecified address"),
		FAR("224.0.0.1", "a multicast address"),
		FAR("ff02::1", "a multicast address"),
		FAR("255.255.255.255", "the broadcast address"),
		FAR("169.254.1.1", "a link-local address, which means nothing without its link"),
		FAR("fe80::1", "a link-local address, which means nothing without its link"),
		{"{ " NO_SERVER ", \"server\": [\"10.0.0.1\", \"127.0.0.1\"] }",
		 "FILE: server[1]: found 127.0.0.1, a loopback address among others; allowed: "
		 "addresses "
		 "of the far router"},
		{"{ " NO_SERVER ", \"server\": [\"10.0.0.1\", \"fd00::1\", \"10.0.0.1\"] }",
		 "FILE: server[2]: 10.0.0.1 is in the list twice"},
		{"{ " NO_SERVER ", \"server\": [\"fd00::1\", \"[fd00:0::1]\"] }",
		 "FILE: server[1]: fd00:0::1 is in the list twice"},
		{"{ " NO_SERVER ", \"server\": [\"a.example\", \"A.example\"] }",
		 "FILE: server[1]: A.example is in the list twice"},
		{WITH("\"local_address\": \"localhost\""),
		 "FILE: local_address: found \"localhost\": a host name, where only an IP address "
		 "can "
		 "stand; allowed: an IP address"},
		{WITH("\"local_address\": \"\""),
		 "FILE: local_address: found \"\": an empty address; allowed: an IP address"},
		{WITH("\"local_address\": [\"10.0.0.1\", \"10.0.0.2\", \"10.0.0.3\"]"),
		 "FILE: local_address: found a list of 3; allowed: at most 2"},
		{WITH("\"local_address\": \"239.0.0.1\""),
		 "FILE: local_address: found 239.0.0.1, a multicast address; allowed: addresses of "
		 "this "
		 "router, 0.0.0.0 and ::"},
	};

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
}

static void test_paths(void **state)
{
#define PATHS(list) WITH("\"paths\": [" list "]")
	static const struct mistake mistakes[] = {
		{PATHS("{}"),
		 "FILE: paths[0].interface: missing; allowed: the name of an interface, 1 to 15 "
		 "characters"},
		{PATHS("{ \"interface\": \"wan1\" }, { \"interface\": \"wan2\", \"colour\": "
		       "\"red\" }"),
		 "FILE: paths[1].colour: unknown key; allowed: interface, address, gateway, role, "
		 "congestion, dscp"},
		{PATHS("{ \"interfaces\": 1, \"interface\": \"wan1\" }"),
		 "FILE: paths[0].interfaces: unknown key; did you mean \"interface\"?"},
		{PATHS("{ \"interface\": \"sixteen-letters-\" }"),
		 "FILE: paths[0].interface: found \"sixteen-letters-\"; allowed: the name of an "
		 "interface, 1 "
		 "to 15 characters"},
		{PATHS("{ \"interface\": \"../x\" }"), "FILE: paths[0].interface: found \"../x\"; "
						       "allowed: the name of an interface, 1 to 15 "
						       "characters"},
		{PATHS("{ \"interface\": \"wan1\", \"address\": \"wan1\" }"),
		 "FILE: paths[0].address: found \"wan1\": a host name, where only an IP address "
		 "can stand; "
		 "allowed: an IP address"},
		{PATHS("{ \"interface\": \"wan1\", \"gateway\": 1 }"),
		 "FILE: paths[0].gateway: found 1; allowed: an IP address"},
		{PATHS("{ \"interface\": \"wan1\", \"address\": \"127.0.0.1\" }"),
		 "FILE: paths[0].address: found 127.0.0.1, a loopback address; allowed: an address "
		 "of this "
		 "router on one of its links"},
		{PATHS("{ \"interface\": \"wan1\", \"address\": \"10.0.0.1\", \"gateway\": "
		       "\"fd00::1\" }"),
		 "FILE: paths[0].gateway: not of the family of the address; allowed: IPv4"},
		{PATHS("{ \"interface\": \"wan1\", \"address\": \"10.0.0.1\", \"gateway\": "
		       "\"10.0.0.1\" }"),
		 "FILE: paths[0].gateway: the address itself; allowed: an address of the next "
		 "router on the "
		 "link"},
		{PATHS("{ \"interface\": \"a\" }, { \"interface\": \"b\" }, { \"interface\": \"a\" "
		       "}"),
		 "FILE: paths[2].interface: a is already in paths[0]"},
		{PATHS("{ \"interface\": \"a\", \"address\": \"10.0.0.1\" }, "
		       "{ \"interface\": \"b\", \"address\": \"10.0.0.1\" }"),
		 "FILE: paths[1].address: 10.0.0.1 is already in paths[0]"},
	};

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
}

#define THREE_PATHS                                                                                \
	"\"paths\": [{ \"interface\": \"a\" },"                                                    \
	"{ \"interface\": \"b\", \"congestion\": \"fifteen_letters\" },"                           \
	"{ \"interface\": \"c\", \"congestion\": \"\" }]"

static void test_path_roles(void **state)
{
	static const struct mistake mistakes[] = {
		{PATHS("{ \"interface\": \"a\", \"role\": \"spare\" }"),
		 "FILE: paths[0].role: found \"spare\"; allowed: \"primary\", \"backup\", "
		 "\"secondary\""},
		{PATHS("{ \"interface\": \"a\", \"role\": 1 }"),
		 "FILE: paths[0].role: found 1; allowed: \"primary\", \"backup\", \"secondary\""},
		{PATHS("{ \"interface\": \"a\", \"roles\": \"backup\" }"),
		 "FILE: paths[0].roles: unknown key; did you mean \"role\"?"},
		{PATHS("{ \"interface\": \"a\", \"role\": \"backup\" }"),
		 "FILE: paths: every path has the role \"backup\"; allowed: at least one that is "
		 "\"primary\" or \"secondary\""},
		{PATHS("{ \"interface\": \"a\", \"role\": \"backup\" },"
		       "{ \"interface\": \"b\", \"role\": \"backup\" }"),
		 "FILE: paths: every path has the role \"backup\"; allowed: at least one that is "
		 "\"primary\" or \"secondary\""},
	};
	static const enum conf_role roles[] = {CONF_CLIENT, CONF_SERVER};
	struct draft draft;

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
	assert_mistakes(CONF_SERVER, mistakes, ARRAY_SIZE(mistakes));
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		read_text(roles[i],
			  PATHS("{ \"interface\": \"a\", \"role\": \"primary\" },"
				"{ \"interface\": \"b\", \"role\": \"backup\" },"
				"{ \"interface\": \"c\" }"),
			  &draft);
		assert_int_equal(errors.count + notes.count, 0);
		assert_int_equal(draft.conf.path[0].role, CONF_PRIMARY);
		assert_int_equal(draft.conf.path[1].role, CONF_BACKUP);
		assert_int_equal(draft.conf.path[2].role, CONF_PRIMARY);
	}
}

/* What yields is found out later, unless the path itself has been given something. */
static void test_secondary_path(void **state)
{
	struct draft draft;

	read_text(CONF_CLIENT,
		  PATHS("{ \"interface\": \"a\" },"
			"{ \"interface\": \"b\", \"role\": \"secondary\" },"
			"{ \"interface\": \"c\", \"role\": \"secondary\","
			" \"congestion\": \"lp\" }"),
		  &draft);
	assert_int_equal(errors.count + notes.count, 0);
	assert_int_equal(draft.conf.path[1].role, CONF_SECONDARY);
	assert_string_equal(draft.conf.path[0].congestion.name, "bbr");
	assert_string_equal(draft.conf.path[1].congestion.name, "");
	assert_false(draft.conf.path[1].congestion.is_given);
	assert_string_equal(draft.conf.path[2].congestion.name, "lp");
	assert_true(draft.conf.path[2].congestion.is_given);
}

/* What is inherited is not the path's own: the far end may still call the path secondary. */
static void test_inherited_congestion(void **state)
{
	struct draft draft;

	read_text(CONF_CLIENT,
		  WITH("\"congestion\": \"cubic\", \"paths\": ["
		       "{ \"interface\": \"a\" },"
		       "{ \"interface\": \"b\", \"congestion\": \"cubic\" },"
		       "{ \"interface\": \"c\", \"role\": \"secondary\" }]"),
		  &draft);
	assert_int_equal(errors.count + notes.count, 0);
	assert_true(draft.conf.congestion.is_given);
	assert_string_equal(draft.conf.path[0].congestion.name, "cubic");
	assert_false(draft.conf.path[0].congestion.is_given);
	assert_true(draft.conf.path[1].congestion.is_given);
	assert_string_equal(draft.conf.path[2].congestion.name, "");
	assert_false(draft.conf.path[2].congestion.is_given);
}

static void test_dscp(void **state)
{
#define WITH_DSCP(value) PATHS("{ \"interface\": \"a\", \"dscp\": " value " }")
#define NO_DSCP(found)	 "FILE: paths[0].dscp: found " found "; allowed: \"\", \"le\", \"cs1\""
	static const struct mistake mistakes[] = {
		{WITH_DSCP("\"LE\""), NO_DSCP("\"LE\"")},
		{WITH_DSCP("\"ef\""), NO_DSCP("\"ef\"")},
		{WITH_DSCP("1"), NO_DSCP("1")},
		{WITH_DSCP("null"), NO_DSCP("null")},
		{WITH_DSCP("[\"le\"]"), NO_DSCP("a list")},
		{WITH_DSCP("{\"53\": 46}"), NO_DSCP("an object")},
		{PATHS("{ \"interface\": \"a*\", \"dscp\": \"le\" }"),
		 "FILE: paths[0].dscp: not with this interface; allowed: on one without \", * and "
		 "\\ in its name"},
	};
	static const enum conf_role roles[] = {CONF_CLIENT, CONF_SERVER};
	struct draft draft;

	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		assert_mistakes(roles[i], mistakes, ARRAY_SIZE(mistakes));
		read_text(roles[i],
			  PATHS("{ \"interface\": \"a*\" },"
				"{ \"interface\": \"b\", \"dscp\": \"\" },"
				"{ \"interface\": \"c\", \"dscp\": \"le\" },"
				"{ \"interface\": \"d\", \"dscp\": \"cs1\" }"),
			  &draft);
		assert_int_equal(errors.count + notes.count, 0);
		assert_int_equal(draft.conf.path[0].dscp, CONF_DSCP_NONE);
		assert_int_equal(draft.conf.path[1].dscp, CONF_DSCP_NONE);
		assert_int_equal(draft.conf.path[2].dscp, CONF_DSCP_LE);
		assert_int_equal(draft.conf.path[3].dscp, CONF_DSCP_CS1);
	}
}

static void test_congestion(void **state)
{
#define CONGESTION(value) WITH("\"congestion\": " value)
#define NO_NAME(place, found)                                                                      \
	"FILE: " place ": found " found "; allowed: the name of a congestion control "             \
	"(1 to 15 of a-z, 0-9, _), or \"\""
	static const struct mistake mistakes[] = {
		{CONGESTION("\"BBR\""), NO_NAME("congestion", "\"BBR\"")},
		{CONGESTION("\"a-b\""), NO_NAME("congestion", "\"a-b\"")},
		{CONGESTION("\"sixteen_letters_\""), NO_NAME("congestion", "\"sixteen_letters_\"")},
		{CONGESTION("null"), NO_NAME("congestion", "null")},
		{CONGESTION("[\"bbr\"]"), NO_NAME("congestion", "a list")},
		{PATHS("{ \"interface\": \"a\", \"congestion\": \"b r\" }"),
		 NO_NAME("paths[0].congestion", "\"b r\"")},
		{PATHS("{ \"interface\": \"a\", \"congestion\": 1 }"),
		 NO_NAME("paths[0].congestion", "1")},
	};

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
	assert_mistakes(CONF_SERVER, mistakes, ARRAY_SIZE(mistakes));
}

/* A path's own choice wins, and no name is a choice too; wherever the common one stands. */
static void test_congestion_of_paths(void **state)
{
	static const char *const texts[] = {
		WITH("\"congestion\": \"bbr\", " THREE_PATHS),
		WITH(THREE_PATHS ", \"congestion\": \"bbr\""),
	};
	struct draft draft;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		read_text(i ? CONF_SERVER : CONF_CLIENT, texts[i], &draft);
		assert_int_equal(errors.count + notes.count, 0);
		assert_string_equal(draft.conf.congestion.name, "bbr");
		assert_string_equal(draft.conf.path[0].congestion.name, "bbr");
		assert_string_equal(draft.conf.path[1].congestion.name, "fifteen_letters");
		assert_string_equal(draft.conf.path[2].congestion.name, "");
	}
	read_text(CONF_CLIENT, WITH(THREE_PATHS), &draft);
	assert_string_equal(draft.conf.congestion.name, "bbr");
	assert_false(draft.conf.congestion.is_given || draft.conf.path[0].congestion.is_given);
	assert_string_equal(draft.conf.path[0].congestion.name, "bbr");
	read_text(CONF_CLIENT, WITH("\"congestion\": \"\", " THREE_PATHS), &draft);
	assert_string_equal(draft.conf.path[0].congestion.name, "");
}

static void test_too_many_paths(void **state)
{
	char text[1024] = "{ " REQUIRED ", \"paths\": [";
	struct draft draft;

	for (int i = 0; i < 9; i++)
		sprintf(text + strlen(text), "{ \"interface\": \"wan%d\" }, ", i);
	strcat(text, "] }");
	read_text(CONF_CLIENT, text, &draft);
	assert_int_equal(errors.count, 1);
	assert_string_equal(errors.text[0], "FILE: paths: found a list of 9; allowed: at most 8");
	assert_int_equal(draft.conf.n_paths, 8);
}

static void test_keys(void **state)
{
	static const struct mistake mistakes[] = {
		{WITH("\"sever_port\": 1"),
		 "FILE: sever_port: unknown key; did you mean \"server_port\"?"},
		{WITH("\"fastopen\": true"),
		 "FILE: fastopen: unknown key; did you mean \"fast_open\"?"},
		{WITH("\"colour\": 1"),
		 "FILE: colour: unknown key; allowed: those of mpbridge.conf(5)"},
		{WITH("\"\": 1"), "FILE: : unknown key; allowed: those of mpbridge.conf(5)"},
		{WITH("\"config\": 1"),
		 "FILE: config: unknown key; allowed: those of mpbridge.conf(5)"},
		{WITH("\"tab\\tkey\\u001b\": 1"),
		 "FILE: tab?key?: unknown key; allowed: those of mpbridge.conf(5)"},
		{WITH("\"allow\": \"10.0.0.0/8\""),
		 "FILE: allow: for a server only, and this is the configuration of a client"},
		{"{ \"server_port\": 1, \"method\": \"none\" }",
		 "FILE: server: missing; allowed: a list, or an IP address or a host name"},
		{"{ \"server\": \"a\", \"method\": \"none\" }",
		 "FILE: server_port: missing; allowed: a whole number from 1 to 65535"},
		{"{ \"server\": \"a\", \"server_port\": 1 }",
		 "FILE: method: missing; allowed: " METHODS},
	};

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
}

static void test_methods(void **state)
{
#define METHOD(name) "{ \"server\": \"a\", \"server_port\": 1, \"method\": " name " }"
#define FOREIGN(name)                                                                              \
	{                                                                                          \
		METHOD("\"" name "\""), "FILE: method: found \"" name "\": not supported: "        \
					"2022-blake3-aes-256-gcm and chacha20-ietf-poly1305 are; " \
					"allowed: " METHODS                                        \
	}
#define BROKEN(name)                                                                               \
	{                                                                                          \
		METHOD("\"" name "\""),                                                            \
			"FILE: method: found \"" name "\": a stream cipher, "                      \
			"broken and deprecated: others can change what it "                        \
			"carries, so it is not supported; use "                                    \
			"2022-blake3-aes-256-gcm, or chacha20-ietf-poly1305 "                      \
			"where the other end does not know that; allowed: " METHODS                \
	}
	static const struct mistake mistakes[] = {
		FOREIGN("aes-192-gcm"),
		FOREIGN("xchacha20-ietf-poly1305"),
		FOREIGN("2022-blake3-chacha8-poly1305"),
		BROKEN("rc4-md5"),
		BROKEN("aes-256-cfb"),
		BROKEN("chacha20"),
		BROKEN("salsa20"),
		{METHOD("\"None\""),
		 "FILE: method: found \"None\": no such method; allowed: " METHODS},
		{METHOD("\"\""), "FILE: method: found \"\": no such method; allowed: " METHODS},
		{METHOD("null"), "FILE: method: found null; allowed: " METHODS},
	};

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
}

/* Every key whose loss would change what happens is refused, unless its value switches it off. */
static void test_refused(void **state)
{
	static const char *const keys[] = {
		"plugin",
		"plugin_opts",
		"acl",
		"port_password",
		"manager_address",
		"executable",
		"auth",
		"interface",
		"local_ipv4_address",
		"local_ipv6_address",
		NULL,
	};
	static const char *const off[] = {"\"\"", "null", "false", "{}", "[]"};
	char text[256], start[64];
	struct draft draft;

	for (int i = 0; keys[i]; i++) {
		snprintf(text, sizeof(text), WITH("\"%s\": \"hunter2\""), keys[i]);
		snprintf(start, sizeof(start), "FILE: %s: refused: ", keys[i]);
		read_text(CONF_SERVER, text, &draft);
		assert_int_equal(errors.count, 1);
		assert_memory_equal(errors.text[0], start, strlen(start));
		assert_null(strstr(errors.text[0], "hunter2"));
		for (size_t j = 0; j < ARRAY_SIZE(off); j++) {
			snprintf(text, sizeof(text), WITH("\"%s\": %s"), keys[i], off[j]);
			read_text(CONF_SERVER, text, &draft);
			assert_int_equal(errors.count + notes.count, 0);
		}
	}
}

static void test_udp_only(void **state)
{
	static const struct mistake mistake = {
		WITH("\"mode\": \"udp_only\""),
		"FILE: mode: found \"udp_only\": UDP is not carried, so nothing would be left to "
		"do; "
		"allowed: \"tcp_only\", \"tcp_and_udp\"",
	};

	assert_mistake(CONF_CLIENT, &mistake);
}

/* Rules of TPROXY that are the user's own. */
static void test_tproxy(void **state)
{
	struct draft draft;

	read_text(CONF_CLIENT, WITH("\"tcp_tproxy\": true"), &draft);
	assert_int_equal(errors.count, 0);
	assert_true(draft.conf.tcp_tproxy && conf_is_transparent(&draft.conf));
	read_text(CONF_SERVER, WITH("\"tcp_tproxy\": true"), &draft);
	assert_int_equal(errors.count, 0);
	assert_string_equal(notes.text[0], "FILE: tcp_tproxy: ignored: for a client only");
}

static void test_intercept(void **state)
{
	struct draft draft;
	const struct conf_intercept *intercept = &draft.conf.intercept;

	read_text(CONF_CLIENT, WITH("\"timeout\": 1"), &draft);
	assert_false(intercept->is_given || conf_is_transparent(&draft.conf));
	read_text(CONF_CLIENT, WITH("\"intercept\": { \"interfaces\": \"br-lan\" }"), &draft);
	assert_int_equal(errors.count, 0);
	assert_true(intercept->is_given && !intercept->local_output);
	assert_true(conf_is_transparent(&draft.conf));
	assert_int_equal(intercept->mode, CONF_INTERCEPT_AUTO);
	assert_int_equal(intercept->mark, 0x40000000);
	assert_int_equal(intercept->n_interfaces, 1);
	assert_string_equal(intercept->interface[0].name, "br-lan");

	read_text(CONF_CLIENT,
		  WITH("\"tcp_tproxy\": true, \"on_peer_down_ipv6\": \"direct\","
		       "\"intercept\": { \"interfaces\": [\"a\", \"b\"], "
		       "\"exclude\": \"10.0.0.0/8\", \"include\": [\"fd00::1/8\", \"10.1.1.1\"], "
		       "\"ports\": [80, \"1000-2000\", \"22\"], \"mode\": \"redirect\", "
		       "\"local_output\": true, \"mark\": 2147483648 }"),
		  &draft);
	assert_int_equal(errors.count, 0);
	assert_int_equal(notes.count, 1);
	assert_string_equal(notes.text[0],
			    "FILE: tcp_tproxy: ignored: the rules are those of intercept");
	assert_int_equal(draft.conf.on_peer_down, CONF_PEER_DOWN_REFUSE);
	assert_int_equal(draft.conf.on_peer_down_ipv6, CONF_PEER_DOWN_DIRECT);
	assert_int_equal(intercept->n_interfaces, 2);
	assert_int_equal(intercept->n_exclude, 1);
	assert_int_equal(intercept->n_include, 2);
	assert_int_equal(intercept->include[0].base.ip[15], 0);
	assert_int_equal(intercept->n_ports, 3);
	assert_int_equal(intercept->port[1].last, 2000);
	assert_int_equal(intercept->port[2].first, 22);
	assert_int_equal(intercept->port[2].last, 22);
	assert_int_equal(intercept->mode, CONF_INTERCEPT_REDIRECT);
	assert_false(conf_is_transparent(&draft.conf));
	assert_true(intercept->local_output);
	assert_int_equal(intercept->mark, 0x80000000);
}

#define INTERCEPT(json)	 WITH("\"intercept\": { \"interfaces\": \"lan\", " json " }")
#define NOT_AN_INTERFACE "allowed: the name of an interface, 1 to 15 characters"
#define NOT_A_MARK	 "allowed: one bit of 32, as \"0x40000000\""
#define NO_PORTS	 "a port as 443, or several as \"8000-8999\""

static void test_intercept_mistakes(void **state)
{
	static const struct mistake mistakes[] = {
		{WITH("\"intercept\": \"lan\""),
		 "FILE: intercept: found \"lan\"; allowed: an object as { \"interfaces\": "
		 "\"br-lan\" }"},
		{WITH("\"intercept\": [{}]"),
		 "FILE: intercept: found a list; allowed: an object as { \"interfaces\": "
		 "\"br-lan\" }"},
		{WITH("\"intercept\": {}"),
		 "FILE: intercept: takes nothing; allowed: a list of \"interfaces\", "
		 "\"local_output\": true, or both"},
		{WITH("\"intercept\": { \"interface\": \"lan\", \"local_output\": true }"),
		 "FILE: intercept.interface: unknown key; did you mean \"interfaces\"?"},
		{INTERCEPT("\"zones\": 1"), "FILE: intercept.zones: unknown key; allowed: "
					    "interfaces, exclude, include, ports, "
					    "mode, local_output, mark"},
		{WITH("\"intercept\": { \"interfaces\": [\"lan\", \"lo\"] }"),
		 "FILE: intercept.interfaces[1]: found \"lo\"; allowed: other interfaces, and "
		 "\"local_output\": true for the router's own connections"},
		{WITH("\"intercept\": { \"interfaces\": [\"lan\", \"x\", \"lan\"] }"),
		 "FILE: intercept.interfaces[2]: lan is in the list twice"},
		{WITH("\"intercept\": { \"interfaces\": [\"a\\\"b\"] }"),
		 "FILE: intercept.interfaces[0]: found \"a\"b\"; " NOT_AN_INTERFACE},
		{WITH("\"intercept\": { \"interfaces\": [\"eth*\"] }"),
		 "FILE: intercept.interfaces[0]: found \"eth*\"; " NOT_AN_INTERFACE},
		{INTERCEPT("\"exclude\": [\"10.0.0.0/33\"]"),
		 "FILE: intercept.exclude[0]: found \"10.0.0.0/33\"; allowed: a network as "
		 "\"10.0.0.0/8\" or \"fd00::/8\""},
		{INTERCEPT("\"include\": []"),
		 "FILE: intercept.include: found an empty list; allowed: a list, or a network as "
		 "\"10.0.0.0/8\" or \"fd00::/8\""},
		{INTERCEPT("\"ports\": 0"), "FILE: intercept.ports: found 0; allowed: " NO_PORTS},
		{INTERCEPT("\"ports\": true"),
		 "FILE: intercept.ports: found true; allowed: a list, or " NO_PORTS},
		{INTERCEPT("\"ports\": [\"90-80\"]"),
		 "FILE: intercept.ports[0]: found \"90-80\"; allowed: " NO_PORTS},
		{INTERCEPT("\"ports\": [\"80-70000\"]"),
		 "FILE: intercept.ports[0]: found \"80-70000\"; allowed: " NO_PORTS},
		{INTERCEPT("\"ports\": [\"80-\"]"),
		 "FILE: intercept.ports[0]: found \"80-\"; allowed: " NO_PORTS},
		{INTERCEPT("\"mode\": \"nat\""), "FILE: intercept.mode: found \"nat\"; allowed: "
						 "\"auto\", \"tproxy\", \"redirect\""},
		{INTERCEPT("\"mark\": 3"), "FILE: intercept.mark: found 3; " NOT_A_MARK},
		{INTERCEPT("\"mark\": 4294967296"),
		 "FILE: intercept.mark: found 4294967296; " NOT_A_MARK},
		{INTERCEPT("\"mark\": \"40000000\""),
		 "FILE: intercept.mark: found \"40000000\"; " NOT_A_MARK},
		{INTERCEPT("\"mark\": 0"), "FILE: intercept.mark: found 0; " NOT_A_MARK},
		{WITH("\"local_address\": \"127.0.0.1\", \"intercept\": { \"interfaces\": "
		      "\"lan\", \"mode\": \"redirect\" }"),
		 "FILE: intercept.mode: \"redirect\" cannot reach local_address 127.0.0.1; "
		 "allowed: "
		 "\"tproxy\", or another local_address"},
		{WITH("\"on_peer_down_ipv6\": \"drop\""),
		 "FILE: on_peer_down_ipv6: found \"drop\"; allowed: \"refuse\", \"direct\""},
	};
	static const struct mistake of_server = {
		WITH("\"intercept\": { \"interfaces\": \"lan\" }"),
		"FILE: intercept: for a client only, and this is the configuration of a server",
	};

	assert_mistakes(CONF_CLIENT, mistakes, ARRAY_SIZE(mistakes));
	assert_mistake(CONF_SERVER, &of_server);
}

/* Every key without meaning here is accepted with one line, whatever its value. */
static void test_ignored(void **state)
{
	static const char *const keys[] = {
		"mptcp",
		"no_delay",
		"reuse_port",
		"nofile",
		"mtu",
		"ipv6_first",
		"nameserver",
		"use_syslog",
		"workdir",
		"dscp",
		"remarks",
		"tunnel_address",
		"tcp_incoming_sndbuf",
		"tcp_incoming_rcvbuf",
		"tcp_outgoing_sndbuf",
		"tcp_outgoing_rcvbuf",
		NULL,
	};
	static const char *const values[] = {"true", "1024", "\"text\"", "{ \"53\": 46 }"};
	char text[256], start[64];
	struct draft draft;

	for (int i = 0; keys[i]; i++)
		for (size_t j = 0; j < ARRAY_SIZE(values); j++) {
			snprintf(text, sizeof(text), WITH("\"%s\": %s"), keys[i], values[j]);
			snprintf(start, sizeof(start), "FILE: %s: ignored: ", keys[i]);
			read_text(CONF_CLIENT, text, &draft);
			assert_int_equal(errors.count, 0);
			assert_int_equal(notes.count, 1);
			assert_memory_equal(notes.text[0], start, strlen(start));
		}
}

static void assert_nameserver(const struct address *server, const char *text)
{
	char buf[ADDRESS_TEXT_BYTES];

	assert_string_equal(address_format(server, buf), text);
}

/* shadowsocks-libev has several in one text, with ports. */
static void test_nameservers(void **state)
{
	static const struct mistake mistakes[] = {
		{WITH("\"nameserver\": [\"9.9.9.9\", \"dns.test\"]"),
		 "FILE: nameserver[1]: found \"dns.test\"; allowed: an IP address, with a port "
		 "(53) "
		 "behind it or not"},
		{WITH("\"nameserver\": \"9.9.9.9:0\""),
		 "FILE: nameserver: found \"9.9.9.9:0\"; allowed: an IP address, with a "
		 "port (53) behind it or not"},
		{WITH("\"nameserver\": \"\""),
		 "FILE: nameserver: found \"\"; allowed: an IP address, with a port (53) "
		 "behind it or not"},
		{WITH("\"nameserver\": \"9.9.9.9,\""),
		 "FILE: nameserver: found \"9.9.9.9,\"; allowed: an IP address, with a "
		 "port (53) behind it or not"},
		{WITH("\"nameserver\": 9"), "FILE: nameserver: found 9; allowed: a list, or an IP "
					    "address, with a port (53) behind it or not"},
		{WITH("\"nameserver\": \"1.1.1.1,1.1.1.2,1.1.1.3,1.1.1.4,1.1.1.5\""),
		 "FILE: nameserver: too many; allowed: at most 4"},
		{WITH("\"nameserver\": \"fe80::1\""),
		 "FILE: nameserver: found fe80::1, a link-local address, which means nothing "
		 "without "
		 "its link; allowed: the address of a name server"},
	};
	struct draft draft;

	for (size_t i = 0; i < ARRAY_SIZE(mistakes); i++)
		assert_mistake(CONF_SERVER, &mistakes[i]);
	read_text(CONF_SERVER,
		  WITH("\"nameserver\": [\"9.9.9.9,fd00::53\", \"[fd00::54]:5353\", "
		       "\"127.0.0.1:54\"]"),
		  &draft);
	assert_int_equal(errors.count, 0);
	assert_int_equal(draft.conf.n_nameservers, 4);
	assert_nameserver(&draft.conf.nameserver[0], "9.9.9.9:53");
	assert_nameserver(&draft.conf.nameserver[1], "[fd00::53]:53");
	assert_nameserver(&draft.conf.nameserver[2], "[fd00::54]:5353");
	assert_nameserver(&draft.conf.nameserver[3], "127.0.0.1:54");
}

static void test_transparent_source(void **state)
{
	static const struct mistake client_mistakes[] = {
		{WITH("\"transparent_source\": 1"),
		 "FILE: transparent_source: found 1; allowed: true or false"},
		{WITH("\"transparent_networks\": \"10.0.0.0/8\""),
		 "FILE: transparent_networks: for a server only, and this is the configuration of "
		 "a client"},
		{WITH("\"transparent_mark\": 1"),
		 "FILE: transparent_mark: for a server only, and this is the configuration of a "
		 "client"},
	};
	static const struct mistake server_mistakes[] = {
		{WITH("\"transparent_source\": \"yes\""),
		 "FILE: transparent_source: found \"yes\"; allowed: true or false"},
		{WITH("\"transparent_source\": true, \"transparent_networks\": \"lan\""),
		 "FILE: transparent_networks: found \"lan\"; allowed: a network as "
		 "\"10.0.0.0/8\" or \"fd00::/8\""},
		{WITH("\"transparent_source\": true, \"transparent_mark\": 3"),
		 "FILE: transparent_mark: found 3; allowed: one bit of 32, as \"0x40000000\""},
	};
	struct draft draft;

	assert_mistakes(CONF_CLIENT, client_mistakes, ARRAY_SIZE(client_mistakes));
	assert_mistakes(CONF_SERVER, server_mistakes, ARRAY_SIZE(server_mistakes));
	read_text(CONF_SERVER, WITH("\"transparent_networks\": [\"10.1.2.3/8\", \"fd00::/8\"]"),
		  &draft);
	assert_int_equal(errors.count, 0);
	assert_string_equal(notes.text[0],
			    "FILE: transparent_networks: ignored: there is no transparent_source");
	assert_false(conf_has_rules(&draft.conf));
	read_text(CONF_SERVER,
		  WITH("\"transparent_networks\": [\"10.1.2.3/8\", \"fd00::/8\"], "
		       "\"transparent_source\": true"),
		  &draft);
	assert_int_equal(errors.count + notes.count, 0);
	assert_true(conf_shows_hosts(&draft.conf) && conf_has_rules(&draft.conf));
	assert_int_equal(draft.conf.n_transparent, 2);
	assert_int_equal(draft.conf.transparent[0].base.ip[3], 0);
	assert_int_equal(draft.conf.transparent_mark, 0x10000000);
	read_text(CONF_SERVER, WITH("\"transparent_source\": true"), &draft);
	assert_int_equal(errors.count, 0);
	assert_int_equal(notes.count, 1);
	assert_string_equal(
		notes.text[0],
		"FILE: transparent_source: whoever may use this server may speak for any "
		"host, but those beside it; name the hosts' networks in "
		"transparent_networks");
	read_text(CONF_CLIENT, WITH("\"transparent_source\": true"), &draft);
	assert_int_equal(errors.count + notes.count, 0);
	assert_true(draft.conf.transparent_source);
	assert_false(conf_shows_hosts(&draft.conf) || conf_has_rules(&draft.conf));
}

static void test_server_side(void **state)
{
	static const struct mistake mistakes[] = {
		{"{ \"method\": \"none\" }",
		 "FILE: server_port: missing; allowed: a whole number from 1 to 65535"},
		{WITH("\"allow\": [\"10.0.0.0/8\", \"10.0.0.0/33\"]"),
		 "FILE: allow[1]: found \"10.0.0.0/33\"; allowed: a network as \"10.0.0.0/8\" or "
		 "\"fd00::/8\""},
		{WITH("\"on_peer_down\": \"direct\""), "FILE: on_peer_down: for a client only, and "
						       "this is the configuration of a server"},
		{WITH("\"deny\": []"),
		 "FILE: deny: found an empty list; allowed: a list, or a network as "
		 "\"10.0.0.0/8\" or \"fd00::/8\""},
		{WITH("\"deny\": 10"), "FILE: deny: found 10; allowed: a list, or a network as "
				       "\"10.0.0.0/8\" or \"fd00::/8\""},
		{WITH("\"local_address\": [\"10.0.0.1\", \"10.0.0.2\"]"),
		 "FILE: local_address: two of one family; allowed: one for IPv4 and one for IPv6"},
		{WITH("\"local_address\": \"fe80::1\""),
		 "FILE: local_address: found fe80::1, a link-local address, which means nothing "
		 "without its "
		 "link; allowed: an address of this router"},
		{"{ " NO_SERVER ", \"server\": \"224.0.0.1\" }",
		 "FILE: server: found 224.0.0.1, a multicast address; allowed: addresses of this "
		 "router, "
		 "0.0.0.0 and ::"},
	};

	assert_mistakes(CONF_SERVER, mistakes, ARRAY_SIZE(mistakes));
}

static void test_all_at_once(void **state)
{
	static const char *const expected[] = {
		"FILE: server[1]: ",   "FILE: server[2]: ",
		"FILE: server_port: ", "FILE: timout: ",
		"FILE: plugin: ",      "FILE: paths[1].adress: ",
		"FILE: paths[2]: ",    "FILE: method: missing",
		"FILE: server[3]: ",   NULL,
	};
	struct draft draft;

	read_text(CONF_CLIENT,
		  "{ \"server\": [\"10.0.0.1\", 1, \"\", \"10.0.0.1\"], \"server_port\": 1e400,"
		  "\"timout\": 1, \"plugin\": \"x\", \"paths\": [{\"interface\": \"a\"},"
		  "{\"interface\": \"b\", \"adress\": \"10.0.0.1\"}, 3] }",
		  &draft);
	assert_int_equal(errors.count, 9);
	for (int i = 0; expected[i]; i++)
		assert_true(messages_contain(&errors, expected[i]));
}

/* More mistakes than lines: the rest is counted. */
static void test_overflow(void **state)
{
	char text[4096] = "{ " REQUIRED;
	struct draft draft;

	for (int i = 0; i < 2 * MESSAGES_MAX; i++)
		sprintf(text + strlen(text), ", \"?%d\": 1", i);
	strcat(text, "}");
	read_text(CONF_CLIENT, text, &draft);
	assert_int_equal(errors.count, 2 * MESSAGES_MAX);
	assert_int_equal(messages_kept(&errors), MESSAGES_MAX);
	assert_string_equal(errors.text[MESSAGES_MAX - 1],
			    "FILE: ?63: unknown key; allowed: those of mpbridge.conf(5)");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_nul_byte),
		cmocka_unit_test(test_escaped_backslash),
		cmocka_unit_test(test_deep_nesting),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_leniency),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_routers),
		cmocka_unit_test(test_one_router),
		cmocka_unit_test(test_router_mistakes),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_path_roles),
		cmocka_unit_test(test_secondary_path),
		cmocka_unit_test(test_inherited_congestion),
		cmocka_unit_test(test_dscp),
		cmocka_unit_test(test_congestion),
		cmocka_unit_test(test_congestion_of_paths),
		cmocka_unit_test(test_too_many_paths),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_udp_only),
		cmocka_unit_test(test_tproxy),
		cmocka_unit_test(test_intercept),
		cmocka_unit_test(test_intercept_mistakes),
		cmocka_unit_test(test_ignored),
		cmocka_unit_test(test_nameservers),
		cmocka_unit_test(test_transparent_source),
		cmocka_unit_test(test_server_side),
		cmocka_unit_test(test_all_at_once),
		cmocka_unit_test(test_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
