/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/eyeballs.c: which address of a name is tried next, and when. */
#include "suite.h"

#include "relay/eyeballs.h"

#include <string.h>

static void add(struct eyeballs *eyeballs, const char *text)
{
	struct address address;

	assert_true(address_parse(text, &address));
	eyeballs_add(eyeballs, &address);
}

static void assert_next(struct eyeballs *eyeballs, const char *text)
{
	const struct address *address = eyeballs_next(eyeballs);
	char buf[ADDRESS_TEXT_BYTES];

	assert_non_null(address);
	assert_string_equal(address_format_ip(address, buf), text);
}

static void takes_turns(void **state)
{
	struct eyeballs eyeballs = {0};

	add(&eyeballs, "192.0.2.1");
	add(&eyeballs, "192.0.2.2");
	add(&eyeballs, "192.0.2.3");
	add(&eyeballs, "fd00::1");
	add(&eyeballs, "fd00::2");
	assert_next(&eyeballs, "fd00::1");
	assert_next(&eyeballs, "192.0.2.1");
	assert_next(&eyeballs, "fd00::2");
	assert_next(&eyeballs, "192.0.2.2");
	assert_true(eyeballs_has_next(&eyeballs));
	assert_next(&eyeballs, "192.0.2.3");
	assert_false(eyeballs_has_next(&eyeballs));
	assert_null(eyeballs_next(&eyeballs));
}

static void later_ones_take_their_turn(void **state)
{
	struct eyeballs eyeballs = {0};

	add(&eyeballs, "192.0.2.1");
	add(&eyeballs, "192.0.2.2");
	assert_next(&eyeballs, "192.0.2.1");
	add(&eyeballs, "fd00::1");
	assert_next(&eyeballs, "fd00::1");
	assert_next(&eyeballs, "192.0.2.2");
	assert_null(eyeballs_next(&eyeballs));
	add(&eyeballs, "fd00::2");
	assert_next(&eyeballs, "fd00::2");
}

static void keeps_few_and_each_once(void **state)
{
	struct eyeballs eyeballs = {0};
	char text[] = "192.0.2.1";

	for (int i = 0; i < 2 * EYEBALLS_PER_FAMILY; i++) {
		text[8] = (char)('1' + i / 2);
		add(&eyeballs, text);
	}
	assert_int_equal(eyeballs.list[EYEBALLS_IPV4].count, EYEBALLS_PER_FAMILY);
	add(&eyeballs, "192.0.2.77");
	for (int i = 0; i < EYEBALLS_PER_FAMILY; i++) {
		text[8] = (char)('1' + i);
		assert_next(&eyeballs, text);
	}
	assert_null(eyeballs_next(&eyeballs));
}

static void ipv6_begins_at_once(void **state)
{
	struct eyeballs eyeballs = {0};

	assert_true(eyeballs_begin_ms(&eyeballs) == UINT64_MAX);
	add(&eyeballs, "fd00::1");
	eyeballs_answered(&eyeballs, EYEBALLS_IPV6, 1000);
	assert_int_equal(eyeballs_begin_ms(&eyeballs), 0);
	assert_false(eyeballs_is_complete(&eyeballs));
}

static void ipv4_waits_a_moment(void **state)
{
	struct eyeballs eyeballs = {0};

	add(&eyeballs, "192.0.2.1");
	eyeballs_answered(&eyeballs, EYEBALLS_IPV4, 1000);
	assert_int_equal(eyeballs_begin_ms(&eyeballs), 1000 + EYEBALLS_RESOLUTION_MS);
	eyeballs_answered(&eyeballs, EYEBALLS_IPV6, 1020); /* it has none */
	assert_int_equal(eyeballs_begin_ms(&eyeballs), 0);
	assert_true(eyeballs_is_complete(&eyeballs));
}

static void nothing_to_begin_with(void **state)
{
	struct eyeballs eyeballs = {0};

	eyeballs_answered(&eyeballs, EYEBALLS_IPV4, 1000);
	assert_true(eyeballs_begin_ms(&eyeballs) == UINT64_MAX);
	eyeballs_answered(&eyeballs, EYEBALLS_IPV6, 1000);
	assert_true(eyeballs_begin_ms(&eyeballs) == UINT64_MAX);
	assert_true(eyeballs_is_complete(&eyeballs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_turns),
		cmocka_unit_test(later_ones_take_their_turn),
		cmocka_unit_test(keeps_few_and_each_once),
		cmocka_unit_test(ipv6_begins_at_once),
		cmocka_unit_test(ipv4_waits_a_moment),
		cmocka_unit_test(nothing_to_begin_with),
	};

	RUN_SUITE(tests);
}
