/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timers on a wheel: arming and cancelling cost a list operation, however many there are. */
#ifndef MPBRIDGE_TIMER_H
#define MPBRIDGE_TIMER_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

#define TIMER_TICK_MS 4
#define TIMER_SLOTS   256

struct timer {
	struct list node;
	uint64_t due_ms;
	void (*on_expire)(struct timer *timer);
};

struct timer_wheel {
	struct list slot[TIMER_SLOTS];
	uint64_t now_tick; /* every slot before it has been served */
	uint64_t wake_ms;  /* nothing is due before it; UINT64_MAX: nothing is armed */
	uint32_t count;
};

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms);

/* A timer is armed by nobody until timer_arm(). */
void timer_init(struct timer *timer, void (*on_expire)(struct timer *timer));

bool timer_is_armed(const struct timer *timer);

/*
 * Calls on_expire once, from timer_wheel_run(), at due_ms (CLOCK_MONOTONIC) or up to one tick
 * later, never earlier. Arming an armed timer moves it.
 */
void timer_arm(struct timer_wheel *wheel, struct timer *timer, uint64_t due_ms);

void timer_cancel(struct timer_wheel *wheel, struct timer *timer);

/* Milliseconds to sleep until something may be due: 0 now, -1 never (epoll_wait()'s convention). */
int timer_wheel_sleep_ms(const struct timer_wheel *wheel, uint64_t now_ms);

/* Serves what is due. A handler may arm and cancel any timer, its own included. */
void timer_wheel_run(struct timer_wheel *wheel, uint64_t now_ms);

#endif
