/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/yield.c: what scavengers tell and greetings meet in, whether a path is used out. */
#include "suite.h"

#include "paths/yield.h"

#define BASE_US	 10000u
#define QUEUE_US 30000u

static struct yield yield;
static uint64_t now_ms;
static bool has_loop;

static void begin(bool is_loop)
{
	yield = (struct yield){0};
	now_ms = 1000000;
	has_loop = is_loop;
	yield_heard(&yield, now_ms, BASE_US, has_loop);
	yield_tick(&yield, now_ms, YIELD_RESTS, has_loop);
	yield_tick(&yield, now_ms, YIELD_SPARED, has_loop);
	assert_false(yield_is_away(&yield));
}

/* Lets time pass, as whoever asks to be called when something is due. */
static void pass(uint64_t for_ms)
{
	uint64_t end_ms = now_ms + for_ms;

	while (yield_due_ms(&yield, has_loop) <= end_ms) {
		uint64_t due_ms = yield_due_ms(&yield, has_loop);

		assert_true(due_ms >= now_ms);
		now_ms = due_ms;
		yield_tick(&yield, now_ms, YIELD_SPARED, has_loop);
		assert_true(yield_due_ms(&yield, has_loop) > now_ms);
	}
	now_ms = end_ms;
	yield_tick(&yield, now_ms, YIELD_SPARED, has_loop);
}

static void hear(uint32_t rtt_us)
{
	yield_heard(&yield, now_ms, rtt_us, has_loop);
}

/* Passes time with greetings as often as they are asked for. How long the path was used. */
static uint64_t live(uint64_t for_ms, uint32_t rtt_away_us, uint32_t rtt_used_us)
{
	uint64_t end_ms = now_ms + for_ms, used_ms = 0;

	while (now_ms < end_ms) {
		uint64_t step_ms = yield_ask_ms(&yield, now_ms, has_loop) < 50 ? 10 : 50;

		used_ms += yield_is_away(&yield) ? 0 : step_ms;
		pass(step_ms);
		if (now_ms % yield_ask_ms(&yield, now_ms, has_loop) < step_ms)
			hear(yield_is_away(&yield) ? rtt_away_us : rtt_used_us);
	}
	return used_ms;
}

/* ---- with scavengers ---- */

static void a_path_that_nobody_else_uses_is_used(void **state)
{
	begin(false);
	assert_true(yield_due_ms(&yield, false) == UINT64_MAX);
	pass(3600000);
	hear(QUEUE_US);
	assert_false(yield_is_away(&yield));
	assert_int_equal(yield.times, 0);
	assert_int_equal(yield_left_ms(&yield, now_ms), 0);
}

static void it_is_left_when_told_and_used_when_the_queue_is_gone(void **state)
{
	begin(false);
	yield_told(&yield, now_ms, now_ms + 100);
	assert_true(yield_is_away(&yield));
	hear(BASE_US);
	assert_true(yield_is_away(&yield)); /* not before its time */
	pass(100);
	assert_true(yield_is_away(&yield));
	hear(BASE_US + QUEUE_US);
	pass(1000);
	assert_true(yield_is_away(&yield));
	hear(BASE_US + 1000);
	assert_false(yield_is_away(&yield));
	assert_int_equal(yield.times, 1);
	assert_int_equal(yield_left_ms(&yield, now_ms), 1100);
}

static void who_is_told_again_leaves_for_longer(void **state)
{
	begin(false);
	yield_told(&yield, now_ms, now_ms + 100);
	yield_told(&yield, now_ms, now_ms + 50);
	yield_told(&yield, now_ms, now_ms + 300);
	yield_told(&yield, now_ms, now_ms - 1);
	pass(250);
	hear(BASE_US);
	assert_true(yield_is_away(&yield));
	pass(60);
	yield_told(&yield, now_ms, now_ms + 100); /* while it listens */
	hear(BASE_US);
	assert_true(yield_is_away(&yield));
	pass(100);
	hear(BASE_US);
	assert_false(yield_is_away(&yield));
	assert_int_equal(yield.times, 1);
}

/* Of others who seldom have a queue: each try that fails is followed by a longer pause. */
static void tries_that_fail_wait_for_a_longer_calm(void **state)
{
	static const unsigned expected_ms[] = {0, 500, 1000, 2000, 2000};

	begin(false);
	for (unsigned i = 0; i < 5; i++) {
		unsigned calm_ms = 0;

		yield_told(&yield, now_ms, now_ms + 50);
		pass(60);
		hear(BASE_US + QUEUE_US);
		for (hear(BASE_US); yield_is_away(&yield); hear(BASE_US)) {
			pass(100);
			calm_ms += 100;
		}
		assert_int_equal(calm_ms, expected_ms[i]);
		pass(200);
	}
	pass(5000); /* that one has not failed */
	yield_told(&yield, now_ms, now_ms + 50);
	pass(60);
	hear(BASE_US);
	assert_false(yield_is_away(&yield));
}

/* Left, used again and short of another leaving, after which a calm of 500 ms is asked for. */
static void begin_after_a_try(void)
{
	begin(false);
	yield_told(&yield, now_ms, now_ms + 50);
	pass(60);
	hear(BASE_US);
	assert_false(yield_is_away(&yield));
	pass(200);
}

/* The calm after a try that failed begins while the path is left, and ends with a queue there. */
static void what_is_met_while_it_is_left_counts(void **state)
{
	begin_after_a_try();
	yield_told(&yield, now_ms, now_ms + 400);
	pass(100);
	hear(BASE_US);
	pass(350);
	hear(BASE_US);
	assert_true(yield_is_away(&yield));
	pass(150);
	hear(BASE_US);
	assert_false(yield_is_away(&yield));
	pass(200);
	yield_told(&yield, now_ms, now_ms + 400); /* and now one of 1000 */
	hear(BASE_US);
	pass(300);
	hear(BASE_US + QUEUE_US);
	hear(BASE_US + QUEUE_US);
	pass(50);
	hear(BASE_US);
	pass(950);
	hear(BASE_US);
	assert_true(yield_is_away(&yield));
	pass(50);
	hear(BASE_US);
	assert_false(yield_is_away(&yield));
}

/* By a scavenger that sees others again, or by a queue, of which the first answer comes in LEFT. */
static void who_calls_again_ends_the_calm(void **state)
{
	begin_after_a_try();
	yield_told(&yield, now_ms, now_ms + 400);
	pass(100);
	hear(BASE_US);
	yield_told(&yield, now_ms, now_ms + 310); /* the same, by another answer */
	assert_true(yield.calm_since_ms > 0);
	yield_told(&yield, now_ms, now_ms + 600);
	assert_int_equal(yield.calm_since_ms, 0);
	pass(50);
	hear(BASE_US);
	pass(500);
	hear(BASE_US + QUEUE_US);
	pass(100);
	assert_int_equal(yield.state, YIELD_LISTENING);
	hear(BASE_US + QUEUE_US); /* the second in a row */
	hear(BASE_US);
	assert_true(yield_is_away(&yield));
	pass(500);
	hear(BASE_US);
	assert_false(yield_is_away(&yield));
}

/* An answer to what was sent before shows the way as it was before. */
static void a_calm_is_that_of_others(void **state)
{
	begin_after_a_try();
	yield_told(&yield, now_ms, now_ms + 50);
	pass(5);
	hear(BASE_US); /* sent 5 ms before */
	assert_int_equal(yield.calm_since_ms, 0);
	pass(20);
	hear(BASE_US);
	assert_int_equal(yield.calm_since_ms, now_ms);
	/* and it does not outlast another time of use */
	yield_tick(&yield, now_ms, YIELD_NEEDED, false);
	pass(100);
	yield_tick(&yield, now_ms, YIELD_NEEDED, false);
	assert_false(yield_is_away(&yield));
	yield_told(&yield, now_ms, now_ms + 50);
	assert_int_equal(yield.calm_since_ms, 0);
}

/* Scavengers at both ends are asked often; a loop has nothing to hear until its time is over. */
static void greetings_go_on_while_it_is_left(void **state)
{
	begin(false);
	yield_told(&yield, now_ms, now_ms + 500);
	assert_int_equal(yield_ask_ms(&yield, now_ms, false), 250);
	assert_int_equal(yield_ask_ms(&yield, now_ms, true), 1000);
}

static void a_queue_without_end_is_tried_all_the_same(void **state)
{
	begin(false);
	yield_told(&yield, now_ms, now_ms + 100);
	for (unsigned i = 0; i < 99; i++) {
		pass(100);
		hear(BASE_US + QUEUE_US);
		assert_true(yield_is_away(&yield));
	}
	pass(300);
	assert_false(yield_is_away(&yield));
}

static void what_is_idle_is_left_to_nobody(void **state)
{
	begin(false);
	yield_told(&yield, now_ms, now_ms + 100);
	yield_tick(&yield, now_ms + 10, YIELD_RESTS, false);
	assert_false(yield_is_away(&yield));
	assert_int_equal(yield_left_ms(&yield, now_ms + 500), 10);
}

/* While the queue is our own there is nothing to listen to. */
static void the_only_path_is_left_for_as_long_as_is_told(void **state)
{
	begin(false);
	yield_told(&yield, now_ms, now_ms + 100);
	yield_tick(&yield, now_ms + 99, YIELD_NEEDED, false);
	assert_true(yield_is_away(&yield));
	yield_tick(&yield, now_ms + 100, YIELD_NEEDED, false);
	assert_false(yield_is_away(&yield));
	assert_int_equal(yield_left_ms(&yield, now_ms + 500), 100);
	yield_told(&yield, now_ms + 200, now_ms + 300);
	yield_tick(&yield, now_ms + 310, YIELD_SPARED, false);
	assert_int_equal(yield.state, YIELD_LISTENING);
	yield_tick(&yield, now_ms + 320, YIELD_NEEDED, false); /* the other one has died */
	assert_false(yield_is_away(&yield));
}

/* The way has become longer by 30 ms: after two minutes at most that is no queue any more. */
static void another_way_is_no_queue_for_ever(void **state)
{
	begin(false);
	for (unsigned i = 0; i < 125; i++) {
		pass(1000);
		hear(BASE_US + QUEUE_US);
	}
	yield_told(&yield, now_ms, now_ms + 100);
	pass(100);
	hear(BASE_US + QUEUE_US);
	assert_false(yield_is_away(&yield));
}

/* ---- with a loop ---- */

static void a_free_path_is_used_but_for_moments(void **state)
{
	begin(true);
	assert_true(live(60000, BASE_US, BASE_US + QUEUE_US) >= 56000);
	assert_int_equal(yield.times, 0);
}

static void a_busy_path_is_used_for_a_twentieth(void **state)
{
	uint64_t used_ms;

	begin(true);
	live(10000, BASE_US, BASE_US + QUEUE_US);
	used_ms = live(60000, BASE_US + QUEUE_US, BASE_US + QUEUE_US);
	assert_true(used_ms <= 4000);
	assert_int_equal(yield.times, 1);
	/* and soon again when the others are gone */
	assert_true(live(30000, BASE_US, BASE_US + QUEUE_US) >= 2000);
	assert_true(live(30000, BASE_US, BASE_US + QUEUE_US) >= 27000);
}

/* One whose queue comes and goes gets a turn of ours after each pause. */
static void a_path_that_is_calm_now_and_then_is_tried(void **state)
{
	uint64_t used_ms = 0;

	begin(true);
	live(10000, BASE_US, BASE_US);
	for (unsigned i = 0; i < 20; i++) {
		used_ms += live(2500, BASE_US + QUEUE_US, BASE_US + QUEUE_US);
		used_ms += live(500, BASE_US, BASE_US + QUEUE_US);
	}
	assert_true(used_ms >= 500);
	assert_true(used_ms <= 60000 / 3);
}

/* A radio that lets one of five wait for 20 ms. */
static void what_varies_by_itself_is_no_queue(void **state)
{
	uint64_t used_ms = 0;

	begin(true);
	for (unsigned i = 0; i < 60; i++) {
		used_ms += live(800, BASE_US, BASE_US);
		used_ms += live(100, BASE_US + QUEUE_US, BASE_US);
		used_ms += live(100, BASE_US, BASE_US);
	}
	assert_true(used_ms >= 50000);
	assert_int_equal(yield.times, 0);
}

/* Their queue takes longer than LISTEN_MS: the first greeting of a moment stands behind ours. */
static void a_queue_of_a_second_is_heard(void **state)
{
	begin(true);
	pass(1000);
	assert_true(yield_is_away(&yield));
	pass(1100);
	hear(1100000); /* was sent when we left */
	assert_false(yield.has_heard_queue);
	pass(50);
	yield_waiting(&yield, now_ms, now_ms - 50); /* one that was sent then */
	yield_tick(&yield, now_ms, YIELD_SPARED, has_loop);
	assert_int_equal(yield.state, YIELD_LEFT);
	assert_int_equal(yield.times, 1);
}

/* Nobody else is there: what stands in the queue for 700 ms is our own. */
static void what_we_have_queued_is_not_others(void **state)
{
	begin(true);
	pass(1000);
	pass(200);
	hear(BASE_US + 200000); /* was sent before */
	pass(510);
	hear(BASE_US + 700000);
	hear(BASE_US + 600000);
	hear(BASE_US + 500000);
	assert_false(yield.has_heard_queue);
	pass(50);
	hear(BASE_US);
	assert_int_equal(yield.state, YIELD_USED);
	assert_int_equal(yield.times, 0);
}

/* A greeting that is lost is not answered, but later ones are. */
static void who_is_overtaken_has_not_waited(void **state)
{
	begin(true);
	yield_told(&yield, now_ms, now_ms + 100);
	pass(200);
	hear(BASE_US + QUEUE_US); /* sent 40 ms ago */
	yield_waiting(&yield, now_ms, now_ms - 60);
	assert_false(yield.has_heard_queue);
	yield_waiting(&yield, now_ms, now_ms - 30);
	assert_true(yield.has_heard_queue);
}

static void who_hears_nothing_does_not_wait(void **state)
{
	begin(true);
	pass(1000);
	assert_true(yield_is_away(&yield));
	pass(2000);
	assert_false(yield_is_away(&yield));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_that_nobody_else_uses_is_used),
		cmocka_unit_test(it_is_left_when_told_and_used_when_the_queue_is_gone),
		cmocka_unit_test(who_is_told_again_leaves_for_longer),
		cmocka_unit_test(tries_that_fail_wait_for_a_longer_calm),
		cmocka_unit_test(what_is_met_while_it_is_left_counts),
		cmocka_unit_test(who_calls_again_ends_the_calm),
		cmocka_unit_test(a_calm_is_that_of_others),
		cmocka_unit_test(greetings_go_on_while_it_is_left),
		cmocka_unit_test(a_queue_without_end_is_tried_all_the_same),
		cmocka_unit_test(what_is_idle_is_left_to_nobody),
		cmocka_unit_test(the_only_path_is_left_for_as_long_as_is_told),
		cmocka_unit_test(another_way_is_no_queue_for_ever),
		cmocka_unit_test(a_free_path_is_used_but_for_moments),
		cmocka_unit_test(a_busy_path_is_used_for_a_twentieth),
		cmocka_unit_test(a_path_that_is_calm_now_and_then_is_tried),
		cmocka_unit_test(what_varies_by_itself_is_no_queue),
		cmocka_unit_test(a_queue_of_a_second_is_heard),
		cmocka_unit_test(what_we_have_queued_is_not_others),
		cmocka_unit_test(who_is_overtaken_has_not_waited),
		cmocka_unit_test(who_hears_nothing_does_not_wait),
	};

	RUN_SUITE(tests);
}
