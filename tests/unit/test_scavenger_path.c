/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kernel/scavenger_path.c: what is told of a way, by the figures of the program in the kernel. */
#include "suite.h"

#include "kernel/scavenger_path.h"

#define NOW	 100000000ull
#define CAPACITY 5000000u
#define OURS	 1000000u

/* Of a round that ended age_us ago and met that queue. */
static struct scavenger_path path_of(uint32_t queue_us, uint64_t age_us, uint64_t until_us)
{
	const struct scavenger_way way = {
		.base_us = 5000,
		.older_us = 4000,
		.queue_us = queue_us,
		.rate = OURS,
		.rate_us = NOW - age_us,
		.capacity = CAPACITY,
		.until_us = until_us,
		.yields = 3,
		.yielded_us = 2500000,
	};
	struct scavenger_path path;

	scavenger_path_of(&way, NOW, &path);
	return path;
}

static void others_have_what_the_queue_leaves_of_the_capacity(void **state)
{
	assert_int_equal(path_of(8000, 1000, 0).others, CAPACITY - OURS);
	assert_int_equal(path_of(1000, 1000, 0).others, 0);
	assert_int_equal(path_of(1000, 1000, NOW + 1).others, CAPACITY - OURS);
	assert_int_equal(path_of(8000, 1000, 0).rate, OURS);
}

/* Since the last flow ended, or fell silent, nobody has seen a queue. */
static void a_queue_of_long_ago_is_no_sign_of_others(void **state)
{
	struct scavenger_path path = path_of(8000, 1000000, 0);

	assert_int_equal(path.others, 0);
	assert_int_equal(path.rate, 0);
	assert_int_equal(path.queue_us, 8000);
	assert_int_equal(path_of(8000, 1000000, NOW + 1).others, CAPACITY);
}

static void the_rest_is_told_as_it_is(void **state)
{
	struct scavenger_path path = path_of(0, 0, NOW - 1);

	assert_int_equal(path.base_us, 4000);
	assert_int_equal(path.capacity, CAPACITY);
	assert_int_equal(path.yields, 3);
	assert_int_equal(path.yielded_ms, 2500);
	assert_int_equal(path.until_ms, NOW / 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_have_what_the_queue_leaves_of_the_capacity),
		cmocka_unit_test(a_queue_of_long_ago_is_no_sign_of_others),
		cmocka_unit_test(the_rest_is_told_as_it_is),
	};

	RUN_SUITE(tests);
}
