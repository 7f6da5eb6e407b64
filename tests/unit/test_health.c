/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/health.c: evidence and time in, states out. */
#include "suite.h"

#include "paths/health.h"

#define MS 1000u /* in microseconds */

static void expect(const struct health *health, enum health_state state, enum health_reason reason)
{
	assert_string_equal(health_state_text(health_shown(health)), health_state_text(state));
	assert_string_equal(health_reason_text(health->reason), health_reason_text(reason));
}

/* One that has answered for a while, in 10 ms; it is 10 s. */
static struct health steady(void)
{
	struct health health;

	health_init(&health, 0, false);
	for (uint64_t ms = 0; ms <= 10000; ms += 500) {
		health_asked(&health, ms);
		health_answered(&health, ms, 10 * MS);
	}
	expect(&health, HEALTH_UP, HEALTH_ANSWERS);
	return health;
}

/* Runs time to `end_ms`, in steps of a tick; when the state was left, or 0. */
static uint64_t run(struct health *health, uint64_t now_ms, uint64_t end_ms)
{
	enum health_state before = health->state;

	for (; now_ms <= end_ms; now_ms += 4) {
		health_tick(health, now_ms);
		if (health->state != before)
			return now_ms;
	}
	return 0;
}

static void the_first_verdict_is_news(void **state)
{
	struct health health;

	health_init(&health, 5, false);
	expect(&health, HEALTH_UP, HEALTH_NOT_ASKED);
	health_asked(&health, 5);
	assert_true(health_answered(&health, 7, 2 * MS));
	expect(&health, HEALTH_UP, HEALTH_ANSWERS);
	assert_false(health_answered(&health, 8, 2 * MS));
}

static void one_that_comes_later_has_to_answer(void **state)
{
	struct health health;

	health_init(&health, 5, true);
	expect(&health, HEALTH_DOWN, HEALTH_NOT_ASKED);
	health_asked(&health, 5);
	assert_true(health_answered(&health, 7, 2 * MS));
	expect(&health, HEALTH_UP, HEALTH_ANSWERS);
}

static void silence_makes_a_suspect_then_a_verdict(void **state)
{
	struct health health = steady();

	health_asked(&health, 20000);
	assert_int_equal(run(&health, 20000, 30000), 21000);
	expect(&health, HEALTH_SUSPECT, HEALTH_SILENT);
	assert_true(health_is_urgent(&health));
	assert_in_range(run(&health, 21000, 30000), 21044, 21120);
	expect(&health, HEALTH_DOWN, HEALTH_SILENT);
}

static void nothing_is_judged_before_it_was_asked(void **state)
{
	struct health health = steady();

	assert_int_equal(run(&health, 20000, 80000), 0);
	assert_true(health_due_ms(&health) == UINT64_MAX);
}

static void a_stuck_flow_brings_a_quick_verdict(void **state)
{
	struct health health = steady();

	assert_true(health_doubted(&health, 20000));
	expect(&health, HEALTH_SUSPECT, HEALTH_STUCK);
	health_asked(&health, 20000);
	assert_in_range(run(&health, 20000, 30000), 20044, 20120);
	expect(&health, HEALTH_DOWN, HEALTH_SILENT);
}

static void an_answer_or_an_acknowledgement_clears_a_suspect(void **state)
{
	struct health health = steady();

	health_doubted(&health, 20000);
	health_asked(&health, 20000);
	assert_true(health_answered(&health, 20012, 12 * MS));
	expect(&health, HEALTH_UP, HEALTH_ANSWERS);
	health_doubted(&health, 21000);
	assert_false(health_heard(&health, 21020, 20990)); /* from before the doubt */
	expect(&health, HEALTH_SUSPECT, HEALTH_STUCK);
	assert_true(health_heard(&health, 21030, 21020));
	expect(&health, HEALTH_UP, HEALTH_ACKNOWLEDGED);
	assert_int_equal(run(&health, 21030, 60000), 0);
}

static void acknowledgements_outweigh_lost_greetings(void **state)
{
	struct health health = steady();

	for (uint64_t ms = 20000; ms < 40000; ms += 100) {
		health_asked(&health, ms); /* a firewall drops it */
		health_heard(&health, ms + 50, ms + 40);
		assert_int_equal(run(&health, ms + 50, ms + 100), 0);
	}
	expect(&health, HEALTH_UP, HEALTH_ANSWERS);
}

static void flows_that_stay_stuck_condemn_a_path_that_answers(void **state)
{
	struct health health = steady();
	uint64_t ms = 20000;

	for (; ms < 25000 && health.state != HEALTH_DOWN; ms += 100) {
		health_doubted(&health, ms);
		if (health.state == HEALTH_SUSPECT)
			health_answered(&health, ms + 10, 10 * MS);
	}
	expect(&health, HEALTH_DOWN, HEALTH_STUCK);
	assert_in_range(ms, 21400, 22000);
	assert_true(health_answered(&health, ms + 100, 10 * MS));
	expect(&health, HEALTH_DOWN, HEALTH_FLAPPING);
	assert_true(health_answered(&health, ms + 4100, 10 * MS));
	expect(&health, HEALTH_UP, HEALTH_ANSWERS);
}

static void quiet_alone_means_little(void **state)
{
	struct health health = steady();
	struct trip unknown = {0};

	health_quieted(&health, 20000, &unknown);
	expect(&health, HEALTH_UP, HEALTH_ANSWERS);
	assert_true(health_is_urgent(&health));
	health_asked(&health, 20000);
	health_answered(&health, 20011, 11 * MS);
	assert_false(health_is_urgent(&health));
	assert_int_equal(run(&health, 20012, 60000), 0);
	health_quieted(&health, 60000, &unknown);
	health_asked(&health, 60000);
	assert_in_range(run(&health, 60000, 70000), 60044, 60120);
	expect(&health, HEALTH_DOWN, HEALTH_SILENT);
}

/* Greetings that met a queue that came and went have a variation for long; flows know better. But
 * where the flows' own round trip is the longer one, the greetings' decides as before. */
static void flows_know_how_long_to_wait(void **state)
{
	struct trip flows = {.rtt_us = 100 * MS, .rttvar_us = 2 * MS}, slow = {.rtt_us = 900 * MS};
	struct health health, other;

	health_init(&health, 1000, false);
	for (unsigned i = 0; i < 20; i++)
		health_answered(&health, 1100 + i, i % 2 ? 220 * MS : 100 * MS);
	other = health;
	health_quieted(&health, 20000, &flows);
	health_asked(&health, 20000);
	assert_in_range(run(&health, 20000, 30000), 20174, 20177);
	expect(&health, HEALTH_DOWN, HEALTH_SILENT);
	health_quieted(&other, 20000, &slow);
	health_asked(&other, 20000);
	assert_in_range(run(&other, 20000, 30000), 20300, 20480);
}

static void refused_is_down_at_once_and_never_held(void **state)
{
	struct health health = steady();

	for (uint64_t ms = 20000; ms < 30000; ms += 1000) {
		assert_true(health_failed(&health, ms, HEALTH_REFUSED));
		expect(&health, HEALTH_DOWN, HEALTH_REFUSED);
		assert_true(health_answered(&health, ms + 500, 10 * MS));
		expect(&health, HEALTH_UP, HEALTH_ANSWERS);
	}
}

static void unreachable_is_a_suspicion_first(void **state)
{
	struct health health = steady();

	assert_true(health_failed(&health, 20000, HEALTH_UNREACHABLE));
	expect(&health, HEALTH_SUSPECT, HEALTH_UNREACHABLE);
	assert_in_range(run(&health, 20000, 30000), 20044, 20120);
	expect(&health, HEALTH_DOWN, HEALTH_UNREACHABLE);
}

/* Falls at ms, and answers from then on; when it is up again. */
static uint64_t fall_and_answer(struct health *health, uint64_t ms)
{
	health_doubted(health, ms);
	assert_true(run(health, ms, ms + 1000) > 0);
	for (ms += 200; health->state == HEALTH_DOWN; ms += 100)
		health_answered(health, ms, 10 * MS);
	return ms;
}

static void flapping_is_held_down_for_longer_and_longer(void **state)
{
	struct health health = steady();
	uint64_t ms = 20000, up_ms, longest = 0;

	for (int i = 0; i < 12; i++) {
		up_ms = fall_and_answer(&health, ms);
		if (i < 2)
			assert_true(up_ms - ms < 500);
		if (i == 3)
			assert_in_range(up_ms - ms, 2000, 2500);
		longest = up_ms - ms > longest ? up_ms - ms : longest;
		ms = up_ms + 1000;
	}
	assert_in_range(longest, 16000, 16500);
	up_ms = fall_and_answer(&health, ms + 100000); /* forgotten */
	assert_true(up_ms - ms - 100000 < 500);
}

static void one_that_was_away_has_to_answer(void **state)
{
	struct health health = steady();

	assert_true(health_vanished(&health, 20000, HEALTH_NO_CARRIER));
	expect(&health, HEALTH_ABSENT, HEALTH_NO_CARRIER);
	assert_false(health_answered(&health, 20010, 10 * MS));
	assert_int_equal(run(&health, 20010, 30000), 0);
	assert_true(health_returned(&health, 30000));
	expect(&health, HEALTH_DOWN, HEALTH_NOT_ASKED);
	assert_true(health_answered(&health, 30020, 10 * MS));
	expect(&health, HEALTH_UP, HEALTH_ANSWERS);
	assert_false(health_returned(&health, 30030));
}

static void patience_follows_the_round_trip(void **state)
{
	struct health health;

	health_init(&health, 0, false);
	for (int i = 0; i < 50; i++)
		health_answered(&health, 1000, 600 * MS);
	health_doubted(&health, 20000);
	assert_in_range(run(&health, 20000, 30000), 20900, 21200);
}

static void the_guard_shows_only_on_a_path_that_is_up(void **state)
{
	struct health health = steady();

	health.is_guarded = true;
	assert_int_equal(health_shown(&health), HEALTH_GUARDED);
	health_failed(&health, 20000, HEALTH_REFUSED);
	assert_int_equal(health_shown(&health), HEALTH_DOWN);
}

/* A queue of others that comes at once is no death. */
static void more_patience_for_links_of_others(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		struct health health;
		struct trip flows = {.rtt_us = 4000, .rttvar_us = 500};
		uint64_t asked_ms = 10000;

		health_init(&health, 0, false);
		health.least_ms = i ? 350 : 0;
		health_asked(&health, 5000);
		health_answered(&health, 5004, 4000);
		health_quieted(&health, asked_ms, &flows);
		health_asked(&health, asked_ms);
		health_tick(&health, asked_ms + 300);
		assert_int_equal(health.state == HEALTH_DOWN, i == 0);
		health_tick(&health, asked_ms + 360);
		assert_int_equal(health.state, HEALTH_DOWN);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_patience_for_links_of_others),
		cmocka_unit_test(the_first_verdict_is_news),
		cmocka_unit_test(one_that_comes_later_has_to_answer),
		cmocka_unit_test(silence_makes_a_suspect_then_a_verdict),
		cmocka_unit_test(nothing_is_judged_before_it_was_asked),
		cmocka_unit_test(a_stuck_flow_brings_a_quick_verdict),
		cmocka_unit_test(an_answer_or_an_acknowledgement_clears_a_suspect),
		cmocka_unit_test(acknowledgements_outweigh_lost_greetings),
		cmocka_unit_test(flows_that_stay_stuck_condemn_a_path_that_answers),
		cmocka_unit_test(quiet_alone_means_little),
		cmocka_unit_test(flows_know_how_long_to_wait),
		cmocka_unit_test(refused_is_down_at_once_and_never_held),
		cmocka_unit_test(unreachable_is_a_suspicion_first),
		cmocka_unit_test(flapping_is_held_down_for_longer_and_longer),
		cmocka_unit_test(one_that_was_away_has_to_answer),
		cmocka_unit_test(patience_follows_the_round_trip),
		cmocka_unit_test(the_guard_shows_only_on_a_path_that_is_up),
	};

	RUN_SUITE(tests);
}
