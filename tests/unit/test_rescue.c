/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/rescue.c: subflows in, the one that holds its connection up out. */
#include "suite.h"

#include "relay/rescue.h"

#include <errno.h>

/* Repeated four times, answered each time, and the window is open again. */
static const struct subflow held_up = {
	.is_established = true,
	.unacked = 24,
	.backoff = 4,
	.window = 62720,
	.sent_ms = 868,
	.acked_ms = 780,
	.quiet_ms = 780,
};

static const struct subflow idle = {
	.is_established = true,
	.window = 184448,
	.sent_ms = 5000,
	.acked_ms = 612,
	.quiet_ms = 612,
};

static int find_with(struct subflow one, struct subflow other)
{
	const struct subflow both[] = {one, other};

	return rescue_find(both, 2);
}

static void the_one_that_waits_for_its_timer_is_found(void **state)
{
	(void)state;
	assert_int_equal(find_with(held_up, idle), 0);
	assert_int_equal(find_with(idle, held_up), 1);
	assert_int_equal(find_with(idle, idle), -1);
	assert_int_equal(rescue_find(NULL, -EOPNOTSUPP), -1);
}

/* What it sends again may get there next time, or the path's monitor finds that it is dead. */
static void a_far_end_that_does_not_answer_is_no_reason(void **state)
{
	struct subflow silent = held_up;

	(void)state;
	silent.acked_ms = silent.quiet_ms = 900;
	assert_int_equal(find_with(silent, idle), -1);
}

static void a_receiver_that_does_not_read_is_no_reason(void **state)
{
	struct subflow full = held_up;

	(void)state;
	full.window = 0;
	assert_int_equal(find_with(full, idle), -1);
}

static void a_loss_or_two_are_no_reason(void **state)
{
	struct subflow young = held_up;
	struct subflow done = held_up;
	struct subflow closed = held_up;

	(void)state;
	young.backoff = 2;
	assert_int_equal(find_with(young, idle), -1);
	done.unacked = 0;
	assert_int_equal(find_with(done, idle), -1);
	closed.is_established = false;
	assert_int_equal(find_with(closed, idle), -1);
}

static void without_another_nothing_is_closed(void **state)
{
	struct subflow other = idle;

	(void)state;
	assert_int_equal(rescue_find(&held_up, 1), -1);
	assert_int_equal(find_with(held_up, held_up), -1);
	other.is_established = false;
	assert_int_equal(find_with(held_up, other), -1);
	other = idle;
	other.quiet_ms = 1500; /* its link may be dead */
	assert_int_equal(find_with(held_up, other), -1);
	other = idle;
	other.backoff = 1;
	assert_int_equal(find_with(held_up, other), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_one_that_waits_for_its_timer_is_found),
		cmocka_unit_test(a_far_end_that_does_not_answer_is_no_reason),
		cmocka_unit_test(a_receiver_that_does_not_read_is_no_reason),
		cmocka_unit_test(a_loss_or_two_are_no_reason),
		cmocka_unit_test(without_another_nothing_is_closed),
	};

	RUN_SUITE(tests);
}
