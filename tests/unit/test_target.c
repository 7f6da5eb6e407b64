/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadowsocks/target.c: the address header */
#include "suite.h"

#include "shadowsocks/target.h"

#include <errno.h>
#include <string.h>

#define BYTES(...) (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})

static struct target parsed(const uint8_t *bytes, size_t length)
{
	struct target target;

	assert_int_equal(target_parse(bytes, length, &target), length);
	return target;
}

static void reads_each_kind(void **state)
{
	char text[TARGET_TEXT_BYTES];
	struct target t;

	(void)state;
	t = parsed(BYTES(1, 192, 168, 2, 2, 0, 80));
	assert_string_equal(target_format(&t, text), "192.168.2.2:80");
	t = parsed(BYTES(4, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x1f, 0x90));
	assert_string_equal(target_format(&t, text), "[fd00::1]:8080");
	t = parsed(BYTES(3, 4, 'a', '.', 'n', 'l', 1, 0xbb));
	assert_string_equal(target_format(&t, text), "a.nl:443");
	assert_int_equal(t.address.family, 0);
}

static void a_name_that_is_an_address_is_one(void **state)
{
	struct target t = parsed(BYTES(3, 8, '1', '0', '.', '0', '.', '0', '.', '1', 0, 80));
	char text[TARGET_TEXT_BYTES];

	(void)state;
	assert_string_equal(target_format(&t, text), "10.0.0.1:80");
	assert_string_equal(t.name, "");
	assert_int_equal(t.address.family, AF_INET);
}

static void mapped_is_ipv4(void **state)
{
	struct target t =
		parsed(BYTES(4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1, 0, 22));

	(void)state;
	assert_true(address_is_loopback(&t.address));
}

/* Every proper prefix of a header asks for more, and touches nothing. */
static void prefix_needs_more(void **state)
{
	static const uint8_t headers[][40] = {
		{1, 10, 0, 0, 1, 0, 80},
		{4, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80},
		{3, 3, 'a', '.', 'b', 0, 80},
		{0x80, 1, 10, 1, 0, 2, 0x9c, 0x40, 1, 10, 0, 0, 1, 0, 80},
		{0x80, 1, 10, 1, 0, 2, 0x9c, 0x40, 3, 3, 'a', '.', 'b', 0, 80},
		{0x80, 4,    0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x9c, 0x40,
		 4,    0xfd, 0,	   0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 80},
	};
	static const size_t lengths[] = {7, 19, 7, 15, 15, 39};

	(void)state;
	for (size_t h = 0; h < 6; h++) {
		for (size_t n = 0; n < lengths[h]; n++) {
			struct target t = {.name = "untouched"};

			assert_int_equal(target_parse(headers[h], n, &t), 0);
			assert_string_equal(t.name, "untouched");
		}
	}
}

static void leaves_what_follows(void **state)
{
	const uint8_t bytes[] = {1, 10, 0, 0, 1, 0, 80, 'G', 'E', 'T'};
	struct target t;

	(void)state;
	assert_int_equal(target_parse(bytes, sizeof(bytes), &t), 7);
	assert_int_equal(target_parse(BYTES(0x80, 1, 10, 1, 0, 2, 0x9c, 0x40, 1, 10, 0, 0, 1, 0, 80,
					    0x80, 1),
				      &t),
			 15);
}

static void reads_the_host(void **state)
{
	char text[TARGET_TEXT_BYTES];
	struct target t;

	(void)state;
	t = parsed(BYTES(1, 192, 168, 2, 2, 0, 80));
	assert_int_equal(t.source.family, 0);
	t = parsed(BYTES(0x80, 1, 192, 168, 1, 2, 0x9c, 0x40, 1, 192, 168, 2, 2, 0, 80));
	assert_string_equal(target_format(&t, text), "192.168.2.2:80");
	assert_string_equal(address_format(&t.source, text), "192.168.1.2:40000");
	t = parsed(BYTES(0x80, 4, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 3, 4,
			 'a', '.', 'n', 'l', 1, 0xbb));
	assert_string_equal(target_format(&t, text), "a.nl:443");
	assert_string_equal(address_format(&t.source, text), "[fd00::2]:1");
}

/* A name, the beginning of one too; no port; another host behind it; nobody; rubbish behind it. */
static void refuses_what_is_no_host(void **state)
{
	struct target t = {.name = "untouched"};

	(void)state;
	assert_int_equal(target_parse(BYTES(0x80, 3), &t), -EPROTO);
	assert_int_equal(target_parse(BYTES(0x80, 3, 1, 'a', 0, 80, 1, 10, 0, 0, 1, 0, 80), &t),
			 -EPROTO);
	assert_int_equal(target_parse(BYTES(0x80, 1, 10, 1, 0, 2, 0, 0), &t), -EPROTO);
	assert_int_equal(target_parse(BYTES(0x80, 1, 10, 1, 0, 2, 0x9c, 0x40, 0x80), &t), -EPROTO);
	assert_int_equal(target_parse(BYTES(0x80, 0x80), &t), -EPROTO);
	assert_int_equal(target_parse(BYTES(0x80, 0), &t), -EPROTO);
	assert_int_equal(
		target_parse(BYTES(0x80, 1, 10, 1, 0, 2, 0x9c, 0x40, 1, 10, 0, 0, 1, 0, 0), &t),
		-EPROTO);
	assert_string_equal(t.name, "untouched");
}

static void refuses_rubbish(void **state)
{
	struct target t = {.name = "untouched"};

	(void)state;
	assert_int_equal(target_parse(BYTES(0), &t), -EPROTO);
	assert_int_equal(target_parse(BYTES(2, 0), &t), -EPROTO);
	assert_int_equal(target_parse(BYTES(0x11, 10, 0, 0, 1, 0, 80), &t), -EPROTO);
	assert_int_equal(target_parse(BYTES(1, 10, 0, 0, 1, 0, 0), &t), -EPROTO); /* port 0 */
	assert_int_equal(target_parse(BYTES(3, 0, 0, 80), &t), -EPROTO);	  /* empty name */
	assert_int_equal(target_parse(BYTES(3, 2, 'a', 0, 0, 80), &t), -EPROTO);
	assert_int_equal(target_parse(BYTES(3, 2, 'a', '\n', 0, 80), &t), -EPROTO);
	assert_int_equal(target_parse(BYTES(3, 2, 0xc3, 0xa4, 0, 80), &t), -EPROTO);
	assert_int_equal(target_parse((const uint8_t *)"GET / HTTP/1.1\r\n", 16, &t), -EPROTO);
	assert_string_equal(t.name, "untouched");
}

static void longest_name_fits(void **state)
{
	uint8_t bytes[TARGET_HEADER_BYTES];
	char text[TARGET_TEXT_BYTES];
	struct target t;

	(void)state;
	memset(bytes, 'a', sizeof(bytes));
	bytes[0] = 0x80;
	bytes[1] = 4;
	bytes[TARGET_SOURCE_BYTES] = 3;
	bytes[TARGET_SOURCE_BYTES + 1] = 255;
	t = parsed(bytes, sizeof(bytes));
	assert_int_equal(t.source.family, AF_INET6);
	t = parsed(bytes + TARGET_SOURCE_BYTES, TARGET_PLAIN_BYTES);
	assert_int_equal(strlen(t.name), 255);
	assert_int_equal(strlen(target_format(&t, text)), 255 + 1 + 5);
}

static void writes_what_it_reads(void **state)
{
	static const char *const texts[] = {"192.168.2.2", "fd00::1"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t bytes[TARGET_HEADER_BYTES];
		struct address a;
		struct target t;
		size_t length;

		assert_true(address_parse(texts[i], &a));
		a.port = 0x1234;
		length = target_write(&a, bytes);
		t = parsed(bytes, length);
		assert_true(address_equal(&a, &t.address));
		for (size_t k = 0; k < 2; k++) {
			struct address host;

			assert_true(address_parse(texts[k], &host));
			host.port = 0xabcd;
			t = parsed(bytes, target_write_from(&host, &a, bytes));
			assert_true(address_equal(&host, &t.source));
			assert_true(address_equal(&a, &t.address));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_each_kind),
		cmocka_unit_test(a_name_that_is_an_address_is_one),
		cmocka_unit_test(mapped_is_ipv4),
		cmocka_unit_test(prefix_needs_more),
		cmocka_unit_test(leaves_what_follows),
		cmocka_unit_test(reads_the_host),
		cmocka_unit_test(refuses_what_is_no_host),
		cmocka_unit_test(refuses_rubbish),
		cmocka_unit_test(longest_name_fits),
		cmocka_unit_test(writes_what_it_reads),
	};

	RUN_SUITE(tests);
}
