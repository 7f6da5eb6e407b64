/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/resolv.c, relay/hosts.c, relay/directory.c: what the router's files say about names. */
#include "suite.h"

#include "relay/directory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct hosts hosts;

static void assert_resolv(const char *text, const char *servers, unsigned timeout_ms,
			  unsigned attempts)
{
	struct resolv resolv;
	char buf[RESOLV_SERVERS_BYTES];

	resolv_parse(text, &resolv);
	assert_string_equal(resolv_format_servers(&resolv, buf), servers);
	assert_int_equal(resolv.timeout_ms, timeout_ms);
	assert_int_equal(resolv.attempts, attempts);
}

static void reads_resolv(void **state)
{
	assert_resolv("", "127.0.0.1:53", 2000, 2);
	assert_resolv("nameserver 192.0.2.1\nnameserver\tfd00::1  \n", "192.0.2.1:53,[fd00::1]:53",
		      2000, 2);
	assert_resolv("  nameserver 192.0.2.1\r\noptions ndots:2 timeout:1 attempts:3 rotate",
		      "192.0.2.1:53", 1000, 3);
	assert_resolv("options timeout:99 attempts:99\n", "127.0.0.1:53", 30000, 5);
	assert_resolv("options timeout:0 attempts:-1 timeout:x attempts:\n", "127.0.0.1:53", 2000,
		      2);
}

static void passes_over_what_it_does_not_know(void **state)
{
	assert_resolv("# nameserver 192.0.2.9\n;nameserver 192.0.2.9\nnameservers 192.0.2.9\n"
		      "nameserver\nnameserver ns.example\nnameserver fe80::1%eth0\n"
		      "search a b c\ndomain d\nsortlist 1.2.3.4\nnameserver 192.0.2.1 # ours\n",
		      "192.0.2.1:53", 2000, 2);
}

static void takes_four_servers(void **state)
{
	assert_resolv("nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
		      "nameserver 192.0.2.4\nnameserver 192.0.2.5\n",
		      "192.0.2.1:53,192.0.2.2:53,192.0.2.3:53,192.0.2.4:53", 2000, 2);
}

/* A line that does not fit is passed over, and the next one is read from its beginning. */
static void survives_long_lines(void **state)
{
	char text[3000];

	memset(text, 'x', sizeof(text));
	snprintf(text + 2000, sizeof(text) - 2000, "\nnameserver 192.0.2.1\n");
	assert_resolv(text, "192.0.2.1:53", 2000, 2);
	snprintf(text + 2000, sizeof(text) - 2000, "\n192.0.2.1 a\n");
	hosts_parse(text, &hosts);
	assert_int_equal(hosts.n, 1);
}

static void assert_found(const char *name, const char *expected)
{
	struct address address[4];
	char text[4 * ADDRESS_TEXT_BYTES] = "", ip[ADDRESS_TEXT_BYTES];
	unsigned n = hosts_find(&hosts, name, address, 4);

	for (unsigned i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i ? " " : "",
			 address_format_ip(&address[i], ip));
	assert_string_equal(text, expected);
}

static void finds_in_hosts(void **state)
{
	hosts_parse("127.0.0.1\tlocalhost\n::1 localhost ip6-localhost # us\n\n"
		    "# 192.0.2.9 commented\n192.0.2.1 Box.LAN box\r\nfd00::1 box\nnot.an.ip x\n"
		    "192.0.2.2 box\n192.0.2.3 # nothing\n192.0.2.4 last",
		    &hosts);
	assert_found("localhost", "127.0.0.1 ::1");
	assert_found("box.lan", "192.0.2.1");
	assert_found("BOX", "192.0.2.1 fd00::1 192.0.2.2");
	assert_found("box.", "192.0.2.1 fd00::1 192.0.2.2");
	assert_found("last", "192.0.2.4");
	assert_found("commented", "");
	assert_found("x", "");
	assert_found("bo", "");
	assert_found("", "");
	assert_found(".", "");
	assert_false(hosts.is_cut);
}

/* More than there is room for: those before are found, and it is said. */
static void cuts_a_long_file(void **state)
{
	size_t bytes = (HOSTS_MAX + 1) * 32;
	char *text = calloc(1, bytes);
	size_t used = 0;

	assert_non_null(text);
	for (unsigned i = 0; i < HOSTS_MAX + 1; i++)
		used += (size_t)snprintf(text + used, bytes - used, "192.0.2.1 host%u\n", i);
	hosts_parse(text, &hosts);
	free(text);
	assert_true(hosts.is_cut);
	assert_found("host0", "192.0.2.1");
	assert_found("host4095", "192.0.2.1");
	assert_found("host4096", "");
}

static void publishes_pages(void **state)
{
	static struct directory_page copy;
	struct directory *directory = directory_new();
	uint32_t version = 0;
	struct address address;

	assert_non_null(directory);
	assert_false(directory_read(directory, &version, &copy));
	for (unsigned i = 1; i < 5; i++) {
		char text[32];

		snprintf(text, sizeof(text), "192.0.2.%u a", i);
		hosts_parse(text, &directory_draft(directory)->hosts);
		assert_false(directory_read(directory, &version, &copy));
		directory_publish(directory);
		assert_true(directory_read(directory, &version, &copy));
		assert_int_equal(hosts_find(&copy.hosts, "a", &address, 1), 1);
		assert_int_equal(address.ip[3], i);
		assert_int_equal(directory_current(directory)->hosts.entry[0].address.ip[3], i);
	}
	directory_free(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_resolv),
		cmocka_unit_test(passes_over_what_it_does_not_know),
		cmocka_unit_test(takes_four_servers),
		cmocka_unit_test(survives_long_lines),
		cmocka_unit_test(finds_in_hosts),
		cmocka_unit_test(cuts_a_long_file),
		cmocka_unit_test(publishes_pages),
	};

	RUN_SUITE(tests);
}
