/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/spare.c: what clients say of their links in, the ways that are secondary out. */
#include "addresses.h"
#include "suite.h"

#include "paths/spare.h"

#include <stdio.h>

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

/* One for each n, in networks of their own. */
static bool call_another(struct spares *spares, unsigned n, uint64_t now_ms)
{
	char remote[ADDRESS_TEXT_BYTES];

	snprintf(remote, sizeof(remote), "10.20.0.%u", n);
	return greet(spares, GREETING_SPARE, remote, now_ms);
}

static void who_is_there_keeps_its_place(void **state)
{
	struct spares spares = {0};

	for (unsigned i = 0; i < SPARES_MAX; i++)
		assert_true(call_another(&spares, i, 100 + i));
	for (uint64_t now_ms = 1000; now_ms < 60000; now_ms += 5000)
		for (unsigned i = 0; i <= SPARES_MAX; i++)
			assert_false(call_another(&spares, i, now_ms + i));
	assert_int_equal(spares.n, SPARES_MAX);
	assert_true(has(&spares, "10.10.2.2", "10.20.0.0"));
	assert_false(has(&spares, "10.10.2.2", "10.20.0.32"));
}

static void who_is_silent_for_long_makes_room(void **state)
{
	struct spares spares = {0};

	for (unsigned i = 0; i < SPARES_MAX; i++)
		call_another(&spares, i, 100 + i);
	call_another(&spares, 0, 500);
	assert_false(greet(&spares, GREETING_SPARE, "10.30.0.1", 30100));
	assert_true(greet(&spares, GREETING_SPARE, "10.30.0.1", 30101));
	assert_int_equal(spares.n, SPARES_MAX);
	assert_true(has(&spares, "10.10.2.2", "10.20.0.0"));
	assert_false(has(&spares, "10.10.2.2", "10.20.0.1"));
	assert_true(has(&spares, "10.10.2.2", "10.30.0.1"));
	assert_false(greet(&spares, GREETING_SPARE, "10.30.0.2", 30101));
}

/* While a client leaves its way to others it only asks. */
static void who_asks_is_there(void **state)
{
	struct spares spares = {0};
	struct address here = ip("10.10.2.2"), there = ip("10.20.0.0");

	for (unsigned i = 0; i < SPARES_MAX; i++)
		call_another(&spares, i, 100 + i);
	greet(&spares, GREETING_PROBE, "10.20.0.0", 20000);
	greet(&spares, GREETING_PROBE, "10.30.0.1", 20000); /* who says nothing else is not */
	assert_false(spare_is_silent(spares_find(&spares, &here, &there), 49999));
	assert_true(spare_is_silent(spares_find(&spares, &here, &there), 50000));
	assert_false(greet(&spares, GREETING_SPARE, "10.30.0.1", 30100));
	assert_true(greet(&spares, GREETING_SPARE, "10.30.0.1", 30101));
	assert_true(has(&spares, "10.10.2.2", "10.20.0.0"));
	assert_false(has(&spares, "10.10.2.2", "10.20.0.1"));
}

static void one_network_cannot_have_all_places(void **state)
{
	struct spares spares = {0};
	char remote[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < SPARES_NET_MAX; i++) {
		snprintf(remote, sizeof(remote), "2001:db8:0:1::%x", i + 1);
		assert_true(greet(&spares, GREETING_SPARE, remote, 100 + i));
	}
	assert_false(greet(&spares, GREETING_SPARE, "2001:db8:0:1:ffff::1", 200));
	assert_true(greet(&spares, GREETING_SPARE, "2001:db8:0:2::1", 200));
	assert_true(greet(&spares, GREETING_SPARE, "10.20.0.1", 200));
	assert_true(greet(&spares, GREETING_SPARE, "2001:db8:0:1:ffff::1", 30100));
	assert_false(has(&spares, "10.10.2.2", "2001:db8:0:1::1"));
	assert_true(has(&spares, "10.10.2.2", "2001:db8:0:1::2"));
	assert_int_equal(spares.n, SPARES_NET_MAX + 2);
	assert_int_equal(spares.n_known, SPARES_NET_MAX + 2);
}

/* Two clients behind one address, or two links of one: each greets every five seconds. */
static void who_shares_an_address_does_not_change_it_for_ever(void **state)
{
	struct spares spares = {0};
	unsigned changes = 0;

	for (uint64_t now_ms = 100; now_ms < 100000; now_ms += 5000) {
		changes += greet(&spares, GREETING_SPARE, "10.10.2.1", now_ms);
		changes += greet(&spares, GREETING_USE, "10.10.2.1", now_ms + 50);
	}
	assert_int_equal(changes, 3); /* it is, it is not, it is */
	assert_true(has(&spares, "10.10.2.2", "10.10.2.1"));
	assert_int_equal(spares.n_known, 1);
	assert_false(greet(&spares, GREETING_USE, "10.10.2.1", 107099));
	assert_true(greet(&spares, GREETING_USE, "10.10.2.1", 107100)); /* the other is gone */
	assert_false(has(&spares, "10.10.2.2", "10.10.2.1"));
}

static void a_greeting_that_comes_late_is_outlived(void **state)
{
	struct spares spares = {0};

	greet(&spares, GREETING_SPARE, "10.10.2.1", 100);
	assert_true(greet(&spares, GREETING_USE, "10.10.2.1", 1000));
	assert_true(greet(&spares, GREETING_SPARE, "10.10.2.1", 1200));
	assert_false(greet(&spares, GREETING_USE, "10.10.2.1", 6000));
	assert_false(greet(&spares, GREETING_USE, "10.10.2.1", 11000));
	assert_true(greet(&spares, GREETING_USE, "10.10.2.1", 16000));
}

/* However it is greeted, a way does not change all the time; nor do more than there is room for. */
static void who_alternates_changes_little(void **state)
{
	struct spares spares = {0};
	unsigned changes = 0;

	for (uint64_t now_ms = 1; now_ms < 120000; now_ms += 10) {
		changes += greet(&spares, GREETING_SPARE, "10.10.2.1", now_ms);
		changes += greet(&spares, GREETING_USE, "10.10.2.1", now_ms + 5);
	}
	assert_int_equal(changes, 3);
	changes = 0;
	for (uint64_t now_ms = 200001; now_ms < 320000; now_ms += 12000) {
		changes += greet(&spares, GREETING_USE, "10.10.2.1", now_ms);
		changes += greet(&spares, GREETING_SPARE, "10.10.2.1", now_ms);
	}
	assert_true(changes <= 20);
}

static void a_role_may_change_again_later(void **state)
{
	struct spares spares = {0};

	for (uint64_t now_ms = 1; now_ms < 200000; now_ms += 40000) {
		assert_true(greet(&spares, GREETING_SPARE, "10.10.2.1", now_ms));
		assert_true(greet(&spares, GREETING_USE, "10.10.2.1", now_ms + 1000));
	}
	assert_int_equal(spares.n, 0);
	assert_int_equal(spares.n_known, 1);
}

static void those_of_the_program_before_are_there(void **state)
{
	struct spares before = {0}, spares = {0};
	struct address here = ip("10.10.2.2"), there = ip("10.10.2.1");

	greet(&before, GREETING_SPARE, "10.10.2.1", 1);
	greet(&before, GREETING_SPARE, "10.10.2.7", 1);
	greet(&before, GREETING_USE, "10.10.2.7", 2);
	before.n_known = 0;
	spares_continue(&spares, &before, 90000);
	assert_true(spares.n == 1 && spares.n_known == 1);
	assert_false(spare_is_silent(spares_find(&spares, &here, &there), 119999));
}

static void a_way_that_is_known_yields(void **state)
{
	struct spares spares = {0};
	struct address here = ip("10.10.2.2"), there = ip("10.10.2.1"), other = ip("10.10.2.9");

	greet(&spares, GREETING_SPARE, "10.10.2.1", 1);
	assert_true(spares_yield(&spares, &here, &there, 100, 700));
	assert_false(spares_yield(&spares, &here, &other, 100, 700));
	assert_int_equal(spares_find(&spares, &here, &there)->until_ms, 1000);
	greet(&spares, GREETING_SPARE, "10.10.2.1", 2);
	assert_int_equal(spares_find(&spares, &here, &there)->until_ms, 1000);
}

static uint64_t aside(const struct spares *spares, uint64_t now_ms)
{
	struct address here = ip("10.10.2.2");

	return spares_aside_ms(spares, &here, now_ms);
}

static void yield(struct spares *spares, const char *remote, uint64_t now_ms, uint64_t until_ms)
{
	struct address here = ip("10.10.2.2"), there = ip(remote);

	assert_true(spares_yield(spares, &here, &there, now_ms, until_ms));
}

static void what_is_left_is_set_aside_until_its_client_has_heard(void **state)
{
	struct spares spares = {0};

	greet(&spares, GREETING_SPARE, "10.10.2.1", 1000);
	assert_int_equal(aside(&spares, 1001), 0);
	yield(&spares, "10.10.2.1", 2000, 4000);
	assert_int_equal(aside(&spares, 2000), 3500);
	yield(&spares, "10.10.2.1", 3000, 5000); /* the same leaving, which goes on */
	assert_int_equal(aside(&spares, 3499), 3500);
	assert_int_equal(aside(&spares, 3500), 0);
	yield(&spares, "10.10.2.1", 6000, 6100);
	assert_int_equal(aside(&spares, 6399), 6400);
	assert_int_equal(aside(&spares, 6400), 0); /* it is left no more */
}

/* Who is silent is not waited for. */
static void what_somebody_uses_is_not_set_aside(void **state)
{
	struct spares spares = {0};

	greet(&spares, GREETING_SPARE, "10.10.2.1", 1000);
	greet(&spares, GREETING_SPARE, "10.10.2.7", 1000);
	yield(&spares, "10.10.2.1", 2000, 9000);
	assert_int_equal(aside(&spares, 2000), 0);
	yield(&spares, "10.10.2.7", 2400, 9000);
	assert_int_equal(aside(&spares, 2400), 3900);
	greet(&spares, GREETING_USE, "10.10.2.9", 2500);
	assert_int_equal(aside(&spares, 2500), 0);
	greet(&spares, GREETING_SPARE, "10.10.2.1", 32000);
	yield(&spares, "10.10.2.1", 32499, 40000);
	assert_int_equal(aside(&spares, 32499), 0);
	assert_int_equal(aside(&spares, 32500), 33999);
}

/* Of more addresses than there is room for, the one that was told of first is forgotten. */
static void uses_of_many_addresses(void **state)
{
	struct spares spares = {0};
	struct address there;

	for (unsigned i = 0; i <= SPARES_USES_MAX; i++) {
		char local[ADDRESS_TEXT_BYTES], remote[ADDRESS_TEXT_BYTES];
		struct address here;

		snprintf(local, sizeof(local), "10.30.0.%u", i);
		snprintf(remote, sizeof(remote), "10.20.0.%u", i);
		here = ip(local);
		there = ip(remote);
		spares_greeted(&spares, GREETING_USE, &here, &there, 100 + i);
		spares_greeted(&spares, GREETING_SPARE, &here, &there, 200);
		assert_true(spares_yield(&spares, &here, &there, 300, 9000));
		assert_int_equal(spares_aside_ms(&spares, &here, 300), 0);
	}
	there = ip("10.30.0.0");
	assert_int_equal(spares_aside_ms(&spares, &there, 300), 1800);
	there = ip("10.30.0.1");
	assert_int_equal(spares_aside_ms(&spares, &there, 300), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_way_is_secondary_until_it_is_said_not_to_be),
		cmocka_unit_test(who_is_there_keeps_its_place),
		cmocka_unit_test(who_is_silent_for_long_makes_room),
		cmocka_unit_test(who_asks_is_there),
		cmocka_unit_test(one_network_cannot_have_all_places),
		cmocka_unit_test(who_shares_an_address_does_not_change_it_for_ever),
		cmocka_unit_test(a_greeting_that_comes_late_is_outlived),
		cmocka_unit_test(who_alternates_changes_little),
		cmocka_unit_test(a_role_may_change_again_later),
		cmocka_unit_test(those_of_the_program_before_are_there),
		cmocka_unit_test(a_way_that_is_known_yields),
		cmocka_unit_test(what_is_left_is_set_aside_until_its_client_has_heard),
		cmocka_unit_test(what_somebody_uses_is_not_set_aside),
		cmocka_unit_test(uses_of_many_addresses),
	};

	RUN_SUITE(tests);
}
