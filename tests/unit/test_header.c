/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadowsocks/header.c: the address, the padding behind it, and where the payload begins. */
#include "suite.h"

#include "shadowsocks/header.h"
#include "shadowsocks/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_BYTES 7
static const uint8_t address[ADDRESS_BYTES] = {1, 10, 10, 2, 2, 0, 80};

/* An address, a length of padding, and `rest` bytes behind them, in a block of just that size. */
static ssize_t parse_2022(size_t padding, size_t rest)
{
	size_t n = ADDRESS_BYTES + 2 + rest;
	uint8_t *bytes = calloc(1, n);
	struct target target = {.name = "untouched"};
	ssize_t result;

	assert_non_null(bytes);
	memcpy(bytes, address, ADDRESS_BYTES);
	wire_write(bytes + ADDRESS_BYTES, 2, padding);
	result = header_parse(METHOD_2022, bytes, n, &target);
	free(bytes);
	if (result > 0)
		assert_int_equal(target.address.port, 80);
	else
		assert_string_equal(target.name, "untouched");
	return result;
}

static void padding_and_payload(void **state)
{
	const ssize_t front = ADDRESS_BYTES + 2;

	assert_int_equal(parse_2022(0, 1), front);     /* payload alone */
	assert_int_equal(parse_2022(1, 1), front + 1); /* padding alone */
	assert_int_equal(parse_2022(900, 900), front + 900);
	assert_int_equal(parse_2022(899, 1000), front + 899);
	assert_int_equal(parse_2022(900, 60000), front + 900);
}

static void padding_that_is_refused(void **state)
{
	assert_int_equal(parse_2022(0, 0), -EPROTO); /* neither padding nor payload */
	assert_int_equal(parse_2022(1, 0), -EPROTO);
	assert_int_equal(parse_2022(900, 899), -EPROTO);
	assert_int_equal(parse_2022(901, 901), -EPROTO);
	assert_int_equal(parse_2022(901, 2000), -EPROTO);
	assert_int_equal(parse_2022(0xffff, 0xffff), -EPROTO);
}

/* In 2022 all of it is there, so what is cut short will never be a header; in 2017 more may come.
 */
static void cut_short(void **state)
{
	struct target target = {.name = "untouched"};

	for (size_t n = 0; n < ADDRESS_BYTES + 2; n++) {
		uint8_t *bytes = calloc(1, n + 1);

		memcpy(bytes, address, n < ADDRESS_BYTES ? n : ADDRESS_BYTES);
		assert_int_equal(header_parse(METHOD_2022, bytes, n, &target), -EPROTO);
		if (n < ADDRESS_BYTES)
			assert_int_equal(header_parse(METHOD_2017, bytes, n, &target), 0);
		free(bytes);
	}
	assert_string_equal(target.name, "untouched");
}

static void what_is_no_address(void **state)
{
	static const uint8_t kinds[] = {0, 2, 5, 0x11, 0xff};
	struct target target;

	for (size_t i = 0; i < sizeof(kinds); i++) {
		uint8_t bytes[40] = {kinds[i], 10, 10, 2, 2, 0, 80};

		assert_int_equal(header_parse(METHOD_2017, bytes, sizeof(bytes), &target), -EPROTO);
		assert_int_equal(header_parse(METHOD_2022, bytes, sizeof(bytes), &target), -EPROTO);
	}
}

/* 2017: the payload is right behind the address, and no two bytes of it are a length. */
static void payload_of_2017(void **state)
{
	uint8_t bytes[ADDRESS_BYTES + 2] = {0};
	struct target target;

	memcpy(bytes, address, ADDRESS_BYTES);
	memset(bytes + ADDRESS_BYTES, 0xff, 2);
	assert_int_equal(header_parse(METHOD_2017, bytes, sizeof(bytes), &target), ADDRESS_BYTES);
	assert_int_equal(header_parse(METHOD_2017, bytes, ADDRESS_BYTES, &target), ADDRESS_BYTES);
	assert_int_equal(target.address.port, 80);
}

/* As sealed.c counts on: whatever it is, HEADER_BYTES_MAX bytes decide it. */
static void the_longest_is_decided(void **state)
{
	uint8_t bytes[HEADER_BYTES_MAX];
	struct target target;

	memset(bytes, 'n', sizeof(bytes));
	for (int first = 0; first < 256; first++) {
		bytes[0] = (uint8_t)first;
		bytes[1] = 0xff;
		assert_int_not_equal(header_parse(METHOD_2017, bytes, sizeof(bytes), &target), 0);
	}
	bytes[0] = 0x80;
	bytes[1] = 4;
	bytes[TARGET_SOURCE_BYTES] = 3;
	bytes[TARGET_SOURCE_BYTES + 1] = 0xff;
	assert_int_equal(header_parse(METHOD_2017, bytes, sizeof(bytes), &target), sizeof(bytes));
	assert_int_equal(target.source.family, AF_INET6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(padding_and_payload), cmocka_unit_test(padding_that_is_refused),
		cmocka_unit_test(cut_short),	       cmocka_unit_test(what_is_no_address),
		cmocka_unit_test(payload_of_2017),     cmocka_unit_test(the_longest_is_decided),
	};

	RUN_SUITE(tests);
}
