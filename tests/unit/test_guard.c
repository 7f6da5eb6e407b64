/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/guard.c: round trips and paces in, guarded or not out. */
#include "suite.h"

#include "paths/guard.h"

#define MBIT	     125000u /* bytes per second */
#define MS	     1000u   /* microseconds */
#define BUFFER_BYTES (3500u << 10)

struct scene {
	uint64_t now_ms;
	struct guard_input path[2];
};

/* A fast link of 100 Mbit/s and 10 ms, and another one. */
static struct scene beside(uint64_t mbit, uint64_t rtt_ms)
{
	static struct guard_entry entry[2];
	struct scene scene = {.now_ms = 1000};

	entry[0] = entry[1] = (struct guard_entry){0};
	scene.path[0] = (struct guard_input){&entry[0], 100 * MBIT, 0, 10 * MS};
	scene.path[1] = (struct guard_input){&entry[1], mbit * MBIT, 0, rtt_ms * MS};
	return scene;
}

/* Judges every 100 ms; after how long the second path was as `is_guarded` says, or 0. */
static uint64_t run(struct scene *scene, bool is_guarded, uint64_t most_ms)
{
	for (uint64_t ms = 100; ms <= most_ms; ms += 100) {
		scene->now_ms += 100;
		guard_judge(scene->path, 2, BUFFER_BYTES, scene->now_ms);
		assert_false(scene->path[0].entry->is_guarded);
		if (scene->path[1].entry->is_guarded == is_guarded)
			return ms;
	}
	return 0;
}

static void links_that_add_something_are_free(void **state)
{
	static const struct {
		uint64_t mbit, rtt_ms;
	} links[] = {{100, 10}, {60, 15}, {100, 100}, {20, 50}, {20, 30}, {50, 200}};

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct scene scene = beside(links[i].mbit, links[i].rtt_ms);

		assert_int_equal(run(&scene, true, 60000), 0);
	}
}

static void one_that_is_far_is_guarded_at_once(void **state)
{
	struct scene scene = beside(5, 600);

	assert_int_equal(run(&scene, true, 1000), 100);
	scene = beside(0, 600); /* nothing was measured there yet */
	assert_int_equal(run(&scene, true, 1000), 100);
}

static void one_that_is_slow_is_guarded_after_slow_start(void **state)
{
	struct scene scene = beside(1, 10);

	assert_in_range(run(&scene, true, 5000), 300, 400);
	scene = beside(10, 200);
	assert_in_range(run(&scene, true, 5000), 1700, 1800);
}

/* The flow's own queue makes the round trip long, and slow start not longer. */
static void its_queue_does_not_put_the_verdict_off(void **state)
{
	struct scene scene = beside(1, 10);

	guard_note_rest(scene.path[1].entry, 10 * MS);
	scene.path[1].rtt_us = 220 * MS;
	assert_in_range(run(&scene, true, 5000), 300, 400);
	scene = beside(1, 220); /* one that is as far without a queue */
	guard_note_rest(scene.path[1].entry, 220 * MS);
	guard_note_rest(scene.path[1].entry, 0);
	assert_in_range(run(&scene, true, 5000), 1800, 2000);
}

/* A processor that is late, or a flow with little to send: the path itself is as fast as ever. */
static void one_that_is_given_little_is_not(void **state)
{
	struct scene scene = beside(1, 10);

	scene.path[1].burst_rate = 200 * MBIT;
	assert_int_equal(run(&scene, true, 60000), 0);
	scene.path[1].burst_rate = 1 * MBIT;
	assert_in_range(run(&scene, true, 5000), 300, 400);
}

/* 300 Mbit/s beside 10, which takes 52 ms for a burst: the buffers have room for that. */
static void one_that_is_not_late_is_not(void **state)
{
	struct scene scene = beside(10, 1);

	scene.path[0].rate = 300 * MBIT;
	scene.path[0].rtt_us = 1 * MS;
	assert_int_equal(run(&scene, true, 60000), 0);
}

static void one_that_is_still_ramping_up_is_not(void **state)
{
	struct scene scene = beside(1, 100);

	assert_int_equal(run(&scene, true, 300), 0);
	scene.path[1].rate = 100 * MBIT;
	assert_int_equal(run(&scene, true, 60000), 0);
}

static void slow_flows_are_no_reason(void **state)
{
	struct scene scene = beside(1, 600);

	scene.path[0].rate = 4 * MBIT;
	assert_int_equal(run(&scene, true, 60000), 0);
}

static void it_is_tried_again_more_and_more_rarely(void **state)
{
	struct scene scene = beside(1, 10);
	uint64_t pause = 60000;

	for (int i = 0; i < 5; i++, pause *= 2) {
		assert_true(run(&scene, true, 5000) > 0);
		assert_int_equal(run(&scene, false, 4000000), pause);
	}
	scene.path[1].rate = 60 * MBIT; /* it lasts */
	assert_int_equal(run(&scene, true, 400000), 0);
	scene.path[1].rate = 1 * MBIT;
	assert_true(run(&scene, true, 5000) > 0);
	assert_int_equal(run(&scene, false, 4000000), 60000);
}

static void it_is_free_when_the_others_have_become_slow(void **state)
{
	struct scene scene = beside(5, 600);

	assert_true(run(&scene, true, 1000) > 0);
	scene.path[0].rate = 10 * MBIT;
	assert_in_range(run(&scene, false, 60000), 10000, 10200);
}

static void nobody_moves_says_nothing(void **state)
{
	struct scene scene = beside(5, 600);

	assert_true(run(&scene, true, 1000) > 0);
	scene.path[0].rate = scene.path[1].rate = 0;
	assert_int_equal(run(&scene, false, 50000), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(links_that_add_something_are_free),
		cmocka_unit_test(one_that_is_far_is_guarded_at_once),
		cmocka_unit_test(one_that_is_slow_is_guarded_after_slow_start),
		cmocka_unit_test(its_queue_does_not_put_the_verdict_off),
		cmocka_unit_test(one_that_is_given_little_is_not),
		cmocka_unit_test(one_that_is_not_late_is_not),
		cmocka_unit_test(one_that_is_still_ramping_up_is_not),
		cmocka_unit_test(slow_flows_are_no_reason),
		cmocka_unit_test(it_is_tried_again_more_and_more_rarely),
		cmocka_unit_test(it_is_free_when_the_others_have_become_slow),
		cmocka_unit_test(nobody_moves_says_nothing),
	};

	RUN_SUITE(tests);
}
