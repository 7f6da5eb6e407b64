/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/announce.c: what clients say in, what is to be done out. */
#include "addresses.h"
#include "suite.h"

#include "paths/announce.h"

static enum announce_step greet(struct announce *announce, enum greeting_kind kind,
				const char *local, const char *about, uint64_t now_ms)
{
	struct address here = ip(local), there = about ? ip(about) : (struct address){0};

	return announce_greeted(announce, kind, &here, &there, now_ms);
}

static bool is_lost(const struct announce *announce, const char *local)
{
	struct address address = ip(local);

	return announce_is_lost(announce, &address);
}

static void a_witness_is_news_once(void **state)
{
	struct announce announce = {0};
	struct address local = ip("10.10.1.2"), loopback = ip("127.0.0.1");

	local.port = 8388;
	assert_int_equal(announce_witness(&announce, &local, 0), ANNOUNCE_FOLLOW);
	assert_int_equal(announce_witness(&announce, &local, 0), ANNOUNCE_NOTHING);
	assert_int_equal(announce_witness(&announce, &loopback, 0), ANNOUNCE_NOTHING);
	local = ip("10.10.1.2");
	assert_int_equal(announce_witness(&announce, &local, 0), ANNOUNCE_NOTHING);
	assert_int_equal(greet(&announce, GREETING_USE, "10.10.2.2", NULL, 0), ANNOUNCE_FOLLOW);
	assert_int_equal(greet(&announce, GREETING_PROBE, "10.10.3.2", NULL, 0), ANNOUNCE_NOTHING);
	assert_int_equal(announce.n, 2);
}

static void what_is_lost_comes_back_by_its_own_path_alone(void **state)
{
	struct announce announce = {0};

	greet(&announce, GREETING_USE, "10.10.1.2", NULL, 0);
	greet(&announce, GREETING_USE, "10.10.2.2", NULL, 0);
	assert_int_equal(greet(&announce, GREETING_LOST, "10.10.1.2", "10.10.2.2", 10),
			 ANNOUNCE_FOLLOW);
	assert_true(is_lost(&announce, "10.10.2.2"));
	assert_int_equal(greet(&announce, GREETING_LOST, "10.10.1.2", "10.10.2.2", 20),
			 ANNOUNCE_NOTHING);
	assert_int_equal(greet(&announce, GREETING_USE, "10.10.1.2", NULL, 30), ANNOUNCE_NOTHING);
	assert_int_equal(greet(&announce, GREETING_PROBE, "10.10.2.2", NULL, 40), ANNOUNCE_NOTHING);
	assert_true(is_lost(&announce, "10.10.2.2"));
	assert_int_equal(greet(&announce, GREETING_USE, "10.10.2.2", NULL, 50), ANNOUNCE_AGAIN);
	assert_false(is_lost(&announce, "10.10.2.2"));
}

static void back_announces_again(void **state)
{
	struct announce announce = {0};

	assert_int_equal(greet(&announce, GREETING_BACK, "10.10.2.2", NULL, 5), ANNOUNCE_FOLLOW);
	assert_int_equal(greet(&announce, GREETING_BACK, "10.10.2.2", NULL, 10), ANNOUNCE_NOTHING);
	assert_int_equal(greet(&announce, GREETING_BACK, "10.10.2.2", NULL, 1010), ANNOUNCE_AGAIN);
	assert_int_equal(greet(&announce, GREETING_BACK, "10.10.2.2", NULL, 1500),
			 ANNOUNCE_NOTHING);
	assert_int_equal(greet(&announce, GREETING_BACK, "10.10.2.2", NULL, 2010), ANNOUNCE_AGAIN);
	greet(&announce, GREETING_LOST, "10.10.1.2", "10.10.2.2", 2020);
	assert_int_equal(greet(&announce, GREETING_BACK, "10.10.2.2", NULL, 2030), ANNOUNCE_AGAIN);
	assert_false(is_lost(&announce, "10.10.2.2"));
}

/* Both may have been said before anything was done about the first. */
static void what_was_lost_and_found_in_one_moment_is_announced_again(void **state)
{
	struct announce announce = {0};

	greet(&announce, GREETING_USE, "10.10.1.2", NULL, 0);
	greet(&announce, GREETING_USE, "10.10.2.2", NULL, 0);
	greet(&announce, GREETING_LOST, "10.10.1.2", "10.10.2.2", 5000);
	assert_int_equal(greet(&announce, GREETING_USE, "10.10.2.2", NULL, 5000), ANNOUNCE_AGAIN);
	assert_false(is_lost(&announce, "10.10.2.2"));
}

static void what_has_just_been_announced_is_not_taken_back(void **state)
{
	struct announce announce = {0};

	greet(&announce, GREETING_USE, "10.10.1.2", NULL, 0);
	greet(&announce, GREETING_USE, "10.10.2.2", NULL, 0);
	greet(&announce, GREETING_LOST, "10.10.1.2", "10.10.2.2", 5000);
	assert_int_equal(greet(&announce, GREETING_USE, "10.10.2.2", NULL, 6000), ANNOUNCE_AGAIN);
	assert_int_equal(greet(&announce, GREETING_BACK, "10.10.2.2", NULL, 6010),
			 ANNOUNCE_NOTHING);
	assert_int_equal(greet(&announce, GREETING_BACK, "10.10.2.2", NULL, 7000), ANNOUNCE_AGAIN);

	assert_int_equal(greet(&announce, GREETING_USE, "10.10.9.2", NULL, 5000), ANNOUNCE_FOLLOW);
	assert_int_equal(greet(&announce, GREETING_BACK, "10.10.9.2", NULL, 5100),
			 ANNOUNCE_NOTHING); /* it was new then */
	assert_int_equal(greet(&announce, GREETING_BACK, "10.10.9.2", NULL, 6100), ANNOUNCE_AGAIN);
}

static void strangers_change_nothing(void **state)
{
	struct announce announce = {0};

	assert_int_equal(greet(&announce, GREETING_LOST, "10.10.1.2", "10.10.2.2", 0),
			 ANNOUNCE_NOTHING);
	assert_int_equal(announce.n, 0);
	for (int i = 0; i < 20; i++) {
		struct address local = ip("10.0.0.1");

		local.ip[2] = (uint8_t)i;
		announce_witness(&announce, &local, 0);
	}
	assert_int_equal(announce.n, BOARD_PATHS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_witness_is_news_once),
		cmocka_unit_test(what_is_lost_comes_back_by_its_own_path_alone),
		cmocka_unit_test(back_announces_again),
		cmocka_unit_test(what_was_lost_and_found_in_one_moment_is_announced_again),
		cmocka_unit_test(what_has_just_been_announced_is_not_taken_back),
		cmocka_unit_test(strangers_change_nothing),
	};

	RUN_SUITE(tests);
}
