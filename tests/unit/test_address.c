/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/address.c */
#include "suite.h"

#include "base/address.h"

#include <netinet/in.h>
#include <string.h>

static struct address parsed(const char *text)
{
	struct address a = {0};

	assert_true(address_parse(text, &a));
	return a;
}

static void parses_and_formats(void **state)
{
	static const char *const texts[] = {
		"10.10.1.2", "0.0.0.0", "255.255.255.255",
		"fd00::1",   "::",	"2001:db8:ffff:ffff:ffff:ffff:ffff:fffe"};
	char buf[ADDRESS_TEXT_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct address a = parsed(texts[i]);

		assert_string_equal(address_format(&a, buf), texts[i]);
	}
}

static void refuses_what_is_no_address(void **state)
{
	static const char *const texts[] = {"",		  "10.10.1",	 "10.10.1.256",
					    "10.10.1.2 ", " 10.1.1.1",	 "fe80::1%eth0",
					    "[fd00::1]",  "example.net", "1.2.3.4:80",
					    ":::"};
	struct address a = {.family = 77};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(address_parse(texts[i], &a));
	assert_int_equal(a.family, 77);
}

static void formats_ports(void **state)
{
	char buf[ADDRESS_TEXT_BYTES];
	struct address a = parsed("10.0.0.1"), b = parsed("2001:db8:ffff:ffff:ffff:ffff:ffff:fffe");
	struct address none = {0};

	(void)state;
	a.port = 65535;
	b.port = 65535;
	assert_string_equal(address_format(&a, buf), "10.0.0.1:65535");
	assert_string_equal(address_format_ip(&a, buf), "10.0.0.1");
	assert_string_equal(address_format(&b, buf),
			    "[2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:65535");
	assert_string_equal(address_format(&none, buf), "-");
}

static void parses_networks(void **state)
{
	static const struct {
		const char *text;
		int prefix_len; /* -1: refused */
	} cases[] = {
		{"10.0.0.0/8", 8},   {"10.1.2.3", 32},	  {"fd00::/8", 8},
		{"fd00::1", 128},    {"0.0.0.0/0", 0},	  {"10.0.0.0/33", -1},
		{"fd00::/129", -1},  {"10.0.0.0/", -1},	  {"10.0.0.0/-1", -1},
		{"10.0.0.0/8x", -1}, {"/8", -1},	  {"10.0.0.0/99999999999", -1},
		{"10.0.0/8", -1},    {"10.0.0.0/ 8", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct network n = {.prefix_len = 200};

		assert_int_equal(network_parse(cases[i].text, &n), cases[i].prefix_len >= 0);
		assert_int_equal(n.prefix_len,
				 cases[i].prefix_len >= 0 ? cases[i].prefix_len : 200);
	}
}

static void network_contains_by_prefix(void **state)
{
	static const struct {
		const char *net, *ip;
		bool is_in;
	} cases[] = {
		{"10.10.1.7/24", "10.10.1.200", true},
		{"10.10.1.7/24", "10.10.2.7", false},
		{"10.10.1.7/25", "10.10.1.128", false},
		{"10.10.1.7/31", "10.10.1.6", true},
		{"10.10.1.7", "10.10.1.7", true},
		{"10.10.1.7", "10.10.1.6", false},
		{"0.0.0.0/0", "8.8.8.8", true},
		{"0.0.0.0/0", "fd00::1", false},
		{"fd00::/9", "fd7f::1", true},
		{"fd00::/9", "fd80::1", false},
		{"::/0", "fd80::1", true},
		{"fd00::1", "fd00::1", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address a = parsed(cases[i].ip);
		struct network n;

		assert_true(network_parse(cases[i].net, &n));
		assert_int_equal(network_contains(&n, &a), cases[i].is_in);
	}
}

static void round_trips_through_sockaddr(void **state)
{
	static const char *const texts[] = {"10.10.1.2", "fd00::1"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (int as_ipv6 = 0; as_ipv6 < 2; as_ipv6++) {
			struct address a = parsed(texts[i]), b;
			struct sockaddr_storage ss;
			socklen_t length;

			a.port = 8388;
			length = address_to_sockaddr(&a, as_ipv6, &ss);
			assert_int_equal(length, as_ipv6 || a.family == AF_INET6
							 ? sizeof(struct sockaddr_in6)
							 : sizeof(struct sockaddr_in));
			b = address_from_sockaddr(&ss);
			assert_true(address_equal(&a, &b));
		}
	}
}

static void unspecified_ipv4_as_ipv6_is_the_dual_one(void **state)
{
	struct address any = parsed("0.0.0.0");
	struct sockaddr_storage ss;
	const struct sockaddr_in6 *in6 = (const void *)&ss;

	(void)state;
	address_to_sockaddr(&any, true, &ss);
	assert_true(IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr));
}

static void mapped_is_ipv4(void **state)
{
	struct address a = parsed("::ffff:127.0.0.1");

	(void)state;
	assert_int_equal(a.family, AF_INET);
	assert_true(address_is_loopback(&a));
}

static void knows_special_addresses(void **state)
{
	static const struct {
		const char *ip;
		bool (*is)(const struct address *);
	} cases[] = {
		{"0.0.0.0", address_is_unspecified},
		{"0.1.2.3", address_is_unspecified},
		{"::", address_is_unspecified},
		{"127.9.9.9", address_is_loopback},
		{"::1", address_is_loopback},
		{"224.0.0.1", address_is_multicast},
		{"239.255.255.255", address_is_multicast},
		{"ff02::1", address_is_multicast},
		{"169.254.1.1", address_is_link_local},
		{"fe80::1", address_is_link_local},
		{"febf::1", address_is_link_local},
		{"255.255.255.255", address_is_broadcast},
	};
	static const char *const plain[] = {"10.0.0.1", "192.168.1.1", "fd00::1", "2001:db8::1",
					    "fec0::1"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct address a = parsed(cases[i].ip);

		assert_true(cases[i].is(&a));
		for (size_t k = 0; k < sizeof(plain) / sizeof(plain[0]); k++) {
			struct address b = parsed(plain[k]);

			assert_false(cases[i].is(&b));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_and_formats),
		cmocka_unit_test(refuses_what_is_no_address),
		cmocka_unit_test(formats_ports),
		cmocka_unit_test(parses_networks),
		cmocka_unit_test(network_contains_by_prefix),
		cmocka_unit_test(round_trips_through_sockaddr),
		cmocka_unit_test(unspecified_ipv4_as_ipv6_is_the_dual_one),
		cmocka_unit_test(mapped_is_ipv4),
		cmocka_unit_test(knows_special_addresses),
	};

	RUN_SUITE(tests);
}
