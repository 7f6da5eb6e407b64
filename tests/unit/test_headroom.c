/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/headroom.c: what subflows do in, the size of a send buffer out. */
#include "suite.h"

#include "kernel/socket.h"
#include "relay/headroom.h"

#define MBIT 125000u /* bytes per second */
#define MS   1000u   /* microseconds */

static struct subflow_load two(uint64_t mbit, uint32_t rtt_ms)
{
	return (struct subflow_load){.n = 2,
				     .rate = 2 * mbit * MBIT,
				     .rtt_us = rtt_ms * MS,
				     .least_rtt_us = rtt_ms * MS};
}

/* Looks at it every 20 ms; one of `lost` segments is sent again (0: none). */
static uint32_t settle_lossy(uint32_t bytes, const struct subflow_load *load, unsigned looks,
			     unsigned lost)
{
	struct headroom headroom = {.bytes = bytes};
	struct subflow_load now = *load;

	for (unsigned i = 0; i < looks; i++) {
		now.segments += 1000;
		now.again += lost ? 1000 / lost : 0;
		headroom.bytes = headroom_judge(&headroom, &now, 1000 + 20 * (uint64_t)i);
	}
	return headroom.bytes;
}

static uint32_t settle(uint32_t bytes, const struct subflow_load *load, unsigned looks)
{
	return settle_lossy(bytes, load, looks, 0);
}

static void a_flow_gets_what_its_links_hold(void **state)
{
	struct subflow_load load = two(100, 10);
	uint32_t bytes = settle(0, &load, 100);

	/* two thirds, which is when epoll tells, are more than what is in flight */
	assert_true(bytes / 3 * 2 > load.rate / 100);
	assert_true(bytes < load.rate / 20);
}

static void the_far_one_counts_for_all(void **state)
{
	struct subflow_load near = two(20, 10), far = two(20, 100);

	assert_true(settle(0, &far, 100) > 100 * (far.rate / 1000));
	assert_true(settle(0, &near, 100) < settle(0, &far, 100) / 2);
}

/* The kernel may have let the buffer grow beyond it; what nudge.c adds still fits. */
static void one_near_link_leaves_room_in_the_window(void **state)
{
	struct subflow_load load = {
		.n = 1, .rate = 8000ull * MBIT, .rtt_us = 50, .least_rtt_us = 5};

	for (load.window = 256u << 10; load.window <= 4u << 20; load.window *= 2) {
		uint32_t bytes = settle(0, &load, 2);

		assert_true(bytes + bytes / 4 < load.window);
		assert_true(bytes >= load.window / 2);
		assert_int_equal(settle(8u << 20, &load, 1), bytes);
	}
	load.window = 64u << 20;
	assert_int_equal(settle(0, &load, 2), 8u << 20);
}

/* Its other links may come back. */
static void the_last_of_several_near_links_is_left_alone(void **state)
{
	struct subflow_load load = {.n = 1, .rate = 94 * MBIT, .rtt_us = 50, .least_rtt_us = 5};
	struct headroom headroom = {.may_have_others = true};

	load.window = 4u << 20;
	assert_int_equal(headroom_judge(&headroom, &load, 1000), 0);
}

static void one_subflow_is_left_alone(void **state)
{
	struct subflow_load load = {
		.n = 1, .rate = 10 * MBIT, .rtt_us = 10 * MS, .least_rtt_us = MS};

	assert_int_equal(settle(0, &load, 100), 0);
	/* but not kept short when the other one has ended */
	load.rate = 100 * MBIT;
	assert_true(settle(200u << 10, &load, 100) > load.rate / 100);
}

static void large_ones_are_left_to_the_kernel(void **state)
{
	struct subflow_load load = two(10000, 1);

	assert_int_equal(settle(0, &load, 100), 0);
}

static void links_without_a_delay_are_left_alone(void **state)
{
	struct subflow_load load = two(100, 1);

	assert_true(settle(0, &load, 100) > 0);
	load.least_rtt_us = 10;
	assert_int_equal(settle(0, &load, 100), 0);
}

static void losses_that_go_on_make_it_large(void **state)
{
	struct subflow_load load = two(100, 10);

	assert_true(settle_lossy(0, &load, 200, 200) > 3u << 20);
	assert_true(settle_lossy(0, &load, 50, 200) < 2u << 20);
	assert_true(settle_lossy(0, &load, 200, 0) < 2u << 20);
}

/* Tried again after some seconds, more and more rarely. */
static void a_large_one_is_made_smaller_again(void **state)
{
	struct subflow_load load = two(100, 10);
	struct headroom headroom = {0};
	unsigned small = 0;

	for (uint64_t ms = 1000; ms < 300000; ms += 20) {
		load.segments += 1000;
		load.again += 5;
		headroom.bytes = headroom_judge(&headroom, &load, ms);
		small += headroom.bytes < 2u << 20;
	}
	assert_in_range(small, 100, 600);
}

static void a_subflow_that_comes_or_goes_is_no_loss(void **state)
{
	struct subflow_load load = two(100, 10);
	struct headroom headroom = {.bytes = 1u << 20};

	for (uint64_t ms = 1000; ms < 20000; ms += 500) {
		load.n = ms % 1000 ? 2 : 1;
		load.segments = ms % 1000 ? 100000 : 50000;
		load.again = ms % 1000 ? 5000 : 0;
		headroom.bytes = headroom_judge(&headroom, &load, ms);
	}
	assert_true(headroom.bytes < 2u << 20);
}

static void one_that_was_set_grows_beyond_that(void **state)
{
	struct subflow_load load = two(1000, 40);

	assert_true(settle(1u << 20, &load, 100) > SOCKET_SEND_BUFFER_BYTES);
	load = two(1000000, 1000);
	assert_true(settle(1u << 20, &load, 1000) <= 2 * SOCKET_SEND_BUFFER_BYTES);
}

/* What arrives is then what the buffer allows in a round trip. */
static void a_round_trip_that_grows_starves_nobody(void **state)
{
	uint64_t link_rate = 25 * MBIT * 8;
	uint32_t rtt_ms = 200, bytes = 512u << 10;

	for (unsigned i = 0; i < 200; i++) {
		uint64_t bound = (uint64_t)bytes * 1000 / rtt_ms / 6 * 5;
		struct subflow_load load = {.n = 2,
					    .rate = bound < link_rate ? bound : link_rate,
					    .rtt_us = rtt_ms * MS};

		bytes = settle(bytes, &load, 1);
	}
	assert_true((uint64_t)bytes * 1000 / rtt_ms / 6 * 5 >= link_rate);
}

static void little_is_still_enough_for_a_burst(void **state)
{
	struct subflow_load load = two(0, 1);

	assert_true(settle(4u << 20, &load, 1000) >= 64u << 10);
	assert_true(settle(4u << 20, &load, 1000) < 256u << 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_gets_what_its_links_hold),
		cmocka_unit_test(the_far_one_counts_for_all),
		cmocka_unit_test(one_near_link_leaves_room_in_the_window),
		cmocka_unit_test(the_last_of_several_near_links_is_left_alone),
		cmocka_unit_test(one_subflow_is_left_alone),
		cmocka_unit_test(large_ones_are_left_to_the_kernel),
		cmocka_unit_test(links_without_a_delay_are_left_alone),
		cmocka_unit_test(losses_that_go_on_make_it_large),
		cmocka_unit_test(a_large_one_is_made_smaller_again),
		cmocka_unit_test(a_subflow_that_comes_or_goes_is_no_loss),
		cmocka_unit_test(one_that_was_set_grows_beyond_that),
		cmocka_unit_test(a_round_trip_that_grows_starves_nobody),
		cmocka_unit_test(little_is_still_enough_for_a_burst),
	};

	RUN_SUITE(tests);
}
