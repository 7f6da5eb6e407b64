/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/unblock.c: how many flows there are in, how long the next look waits out. */
#include "suite.h"

#include "relay/unblock.h"

#define BATCH 64u

/* How long it takes to look at all of them. */
static uint32_t round_ms(uint32_t n_flows)
{
	return (n_flows + BATCH - 1) / BATCH * unblock_pause_ms(n_flows);
}

static void few_are_looked_at_twice_a_second(void **state)
{
	(void)state;
	assert_int_equal(unblock_pause_ms(0), 512);
	assert_int_equal(unblock_pause_ms(1), 512);
	assert_int_equal(unblock_pause_ms(BATCH), 512);
	assert_int_equal(unblock_pause_ms(BATCH + 1), 256);
	for (uint32_t n = 1; n <= 16 * BATCH; n++)
		assert_in_range(round_ms(n), 400, 512);
}

static void thousands_have_to_wait(void **state)
{
	(void)state;
	assert_int_equal(unblock_pause_ms(16 * BATCH), 32);
	assert_int_equal(unblock_pause_ms(10000), 32);
	assert_in_range(round_ms(10000), 5000, 5100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_are_looked_at_twice_a_second),
		cmocka_unit_test(thousands_have_to_wait),
	};

	RUN_SUITE(tests);
}
