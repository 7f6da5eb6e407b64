/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/timer.c, driven by a clock of our own */
#include "suite.h"

#include "base/timer.h"

#include <stdlib.h>

#define START_MS 1000003 /* not on a tick */

struct probe {
	struct timer timer;
	struct timer_wheel *wheel;
	unsigned fired;
	uint64_t again_ms; /* from the handler: arm again for it; 0: do not */
	struct probe *cancels;
};

static void on_expire(struct timer *timer)
{
	struct probe *probe = container_of(timer, struct probe, timer);

	probe->fired++;
	if (probe->again_ms)
		timer_arm(probe->wheel, timer, probe->again_ms);
	if (probe->cancels)
		timer_cancel(probe->wheel, &probe->cancels->timer);
}

static void probe_init(struct probe *probe, struct timer_wheel *wheel)
{
	*probe = (struct probe){.wheel = wheel};
	timer_init(&probe->timer, on_expire);
}

/* Never early, at most one tick late, whatever the distance. */
static void fires_in_time(void **state)
{
	static const uint64_t distances[] = {0,	   1,	 15,   16,    17,     100,     4095,
					     4096, 4097, 8192, 60000, 300000, 86400000};

	(void)state;
	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
		struct timer_wheel wheel;
		struct probe probe;
		uint64_t now = START_MS, due = START_MS + distances[i];

		timer_wheel_init(&wheel, now);
		probe_init(&probe, &wheel);
		timer_arm(&wheel, &probe.timer, due);
		while (probe.fired == 0) {
			int sleep = timer_wheel_sleep_ms(&wheel, now);

			assert_true(sleep >= 0);
			now += sleep > 0 ? (uint64_t)sleep : 1;
			timer_wheel_run(&wheel, now);
		}
		assert_in_range(now, due, due + TIMER_TICK_MS);
		assert_int_equal(timer_wheel_sleep_ms(&wheel, now), -1);
	}
}

static void survives_a_long_sleep(void **state)
{
	struct timer_wheel wheel;
	struct probe probes[100];

	(void)state;
	timer_wheel_init(&wheel, START_MS);
	for (unsigned i = 0; i < 100; i++) {
		probe_init(&probes[i], &wheel);
		timer_arm(&wheel, &probes[i].timer, START_MS + i * 777);
	}
	timer_wheel_run(&wheel, START_MS + 10000000);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(probes[i].fired, 1);
	assert_int_equal(wheel.count, 0);
}

static void cancelled_does_not_fire(void **state)
{
	struct timer_wheel wheel;
	struct probe probe;

	(void)state;
	timer_wheel_init(&wheel, START_MS);
	probe_init(&probe, &wheel);
	timer_cancel(&wheel, &probe.timer);
	timer_arm(&wheel, &probe.timer, START_MS + 50);
	assert_true(timer_is_armed(&probe.timer));
	timer_cancel(&wheel, &probe.timer);
	timer_cancel(&wheel, &probe.timer);
	assert_false(timer_is_armed(&probe.timer));
	timer_wheel_run(&wheel, START_MS + 100);
	assert_int_equal(probe.fired, 0);
}

static void arming_again_moves_it(void **state)
{
	struct timer_wheel wheel;
	struct probe probe;

	(void)state;
	timer_wheel_init(&wheel, START_MS);
	probe_init(&probe, &wheel);
	timer_arm(&wheel, &probe.timer, START_MS + 50);
	timer_arm(&wheel, &probe.timer, START_MS + 500);
	timer_wheel_run(&wheel, START_MS + 400);
	assert_int_equal(probe.fired, 0);
	timer_wheel_run(&wheel, START_MS + 500 + TIMER_TICK_MS);
	assert_int_equal(probe.fired, 1);
}

static void handler_may_arm_and_cancel(void **state)
{
	struct timer_wheel wheel;
	struct probe a, b;

	(void)state;
	timer_wheel_init(&wheel, START_MS);
	probe_init(&a, &wheel);
	probe_init(&b, &wheel);
	a.again_ms = START_MS + 10 + TIMER_TICK_MS * TIMER_SLOTS; /* the same slot, a round later */
	a.cancels = &b;
	timer_arm(&wheel, &a.timer, START_MS + 10);
	timer_arm(&wheel, &b.timer, START_MS + 10); /* due together: a's handler calls it off */
	timer_wheel_run(&wheel, START_MS + 40);
	assert_int_equal(a.fired, 1);
	assert_int_equal(b.fired, 0);
	a.again_ms = 0;
	timer_wheel_run(&wheel, START_MS + 40 + TIMER_TICK_MS * TIMER_SLOTS);
	assert_int_equal(a.fired, 2);
}

/* Random arms, moves and cancels against a plain list of what is due. */
static void agrees_with_a_plain_model(void **state)
{
	enum { N = 64 };
	struct timer_wheel wheel;
	struct probe probes[N];
	uint64_t due[N] = {0}, now = START_MS;
	unsigned expected[N] = {0};

	(void)state;
	srand(1);
	timer_wheel_init(&wheel, now);
	for (int i = 0; i < N; i++)
		probe_init(&probes[i], &wheel);
	for (int step = 0; step < 20000; step++) {
		int i = rand() % N;

		if (rand() % 4 == 0) {
			timer_cancel(&wheel, &probes[i].timer);
			due[i] = 0;
		} else {
			due[i] = now + (uint64_t)(rand() % 20000);
			timer_arm(&wheel, &probes[i].timer, due[i]);
		}
		now += (uint64_t)(rand() % 64);
		timer_wheel_run(&wheel, now);
		for (int k = 0; k < N; k++) {
			if (due[k] != 0 && !timer_is_armed(&probes[k].timer)) {
				assert_true(now >= due[k]);
				expected[k]++;
				due[k] = 0;
			}
			assert_true(due[k] == 0 || now < due[k] + TIMER_TICK_MS + 64);
			assert_int_equal(probes[k].fired, expected[k]);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_in_time),
		cmocka_unit_test(survives_a_long_sleep),
		cmocka_unit_test(cancelled_does_not_fire),
		cmocka_unit_test(arming_again_moves_it),
		cmocka_unit_test(handler_may_arm_and_cancel),
		cmocka_unit_test(agrees_with_a_plain_model),
	};

	RUN_SUITE(tests);
}
