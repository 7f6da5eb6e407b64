/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/spare.c: what clients say of their links in, the ways that are secondary out. */
#include "suite.h"

#include "paths/spare.h"

#include <stdio.h>

static struct address ip(const char *text)
{
	struct address address = {0};

	assert_true(address_parse(text, &address));
	return address;
}

static bool greet(struct spares *spares, enum greeting_kind kind, const char *remote,
		  uint64_t now_ms)
{
	struct address here = ip("10.10.2.2"), there = ip(remote);

	here.port = 8388;
	there.port = 40000;
	return spares_greeted(spares, kind, &here, &there, now_ms);
}

static bool has(const struct spares *spares, const char *local, const char *remote)
{
	struct address here = ip(local), there = ip(remote);

	return spares_find(spares, &here, &there);
}

static void a_way_is_secondary_until_it_is_said_not_to_be(void **state)
{
	struct spares spares = {0};

	assert_false(greet(&spares, GREETING_USE, "10.10.2.1", 1));
	assert_true(greet(&spares, GREETING_SPARE, "10.10.2.1", 1));
	assert_true(greet(&spares, GREETING_SPARE, "10.10.2.7", 1));
	assert_false(greet(&spares, GREETING_SPARE, "10.10.2.1", 2));
	assert_true(has(&spares, "10.10.2.2", "10.10.2.1"));
	assert_false(has(&spares, "10.10.1.2", "10.10.2.1"));
	assert_int_equal(spares.item[0].remote.port | spares.item[0].local.port, 0);
	assert_false(greet(&spares, GREETING_PROBE, "10.10.2.1", 3));
	assert_false(greet(&spares, GREETING_BACK, "10.10.2.1", 3));
	assert_true(has(&spares, "10.10.2.2", "10.10.2.1"));
	assert_true(greet(&spares, GREETING_USE, "10.10.2.1", 4));
	assert_false(has(&spares, "10.10.2.2", "10.10.2.1"));
	assert_true(has(&spares, "10.10.2.2", "10.10.2.7"));
}

static void of_too_many_the_most_silent_goes(void **state)
{
	struct spares spares = {0};
	char remote[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < SPARES_MAX; i++) {
		snprintf(remote, sizeof(remote), "10.20.0.%u", i);
		assert_true(greet(&spares, GREETING_SPARE, remote, 100 + i));
	}
	greet(&spares, GREETING_SPARE, "10.20.0.0", 500);
	assert_true(greet(&spares, GREETING_SPARE, "10.30.0.1", 600));
	assert_int_equal(spares.n, SPARES_MAX);
	assert_true(has(&spares, "10.10.2.2", "10.20.0.0"));
	assert_false(has(&spares, "10.10.2.2", "10.20.0.1"));
	assert_true(has(&spares, "10.10.2.2", "10.30.0.1"));
}

static void a_way_that_is_known_yields(void **state)
{
	struct spares spares = {0};
	struct address here = ip("10.10.2.2"), there = ip("10.10.2.1"), other = ip("10.10.2.9");

	greet(&spares, GREETING_SPARE, "10.10.2.1", 1);
	assert_true(spares_yield(&spares, &here, &there, 700));
	assert_false(spares_yield(&spares, &here, &other, 700));
	assert_int_equal(spares_find(&spares, &here, &there)->until_ms, 1000);
	greet(&spares, GREETING_SPARE, "10.10.2.1", 2);
	assert_int_equal(spares_find(&spares, &here, &there)->until_ms, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_way_is_secondary_until_it_is_said_not_to_be),
		cmocka_unit_test(of_too_many_the_most_silent_goes),
		cmocka_unit_test(a_way_that_is_known_yields),
	};

	RUN_SUITE(tests);
}
