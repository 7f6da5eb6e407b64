/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Timers on a wheel. */
#include "base/timer.h"

#include <assert.h>

/*
 * Theory of operation. Time is cut into ticks; a timer lies in the slot of the tick in which it is
 * due, modulo the size of the wheel. A slot may therefore hold timers of later rounds: serving it
 * takes out those that are due and leaves the rest. Running forward over k ticks costs at most one
 * round.
 *
 * wake_ms is a lower bound of the earliest due time. It is lowered when a timer is armed and found
 * again when it has passed; cancelling leaves it, and costs at most one idle wake-up.
 */

static uint64_t tick_of(uint64_t ms)
{
	/* rounded up: a timer is never early */
	return (ms + TIMER_TICK_MS - 1) / TIMER_TICK_MS;
}

void timer_wheel_init(struct timer_wheel *wheel, uint64_t now_ms)
{
	for (int i = 0; i < TIMER_SLOTS; i++)
		list_init(&wheel->slot[i]);
	wheel->now_tick = now_ms / TIMER_TICK_MS;
	wheel->wake_ms = UINT64_MAX;
	wheel->count = 0;
}

void timer_init(struct timer *timer, void (*on_expire)(struct timer *timer))
{
	list_init(&timer->node);
	timer->due_ms = 0;
	timer->on_expire = on_expire;
}

bool timer_is_armed(const struct timer *timer)
{
	return list_is_linked(&timer->node);
}

void timer_arm(struct timer_wheel *wheel, struct timer *timer, uint64_t due_ms)
{
	uint64_t tick = tick_of(due_ms);

	timer_cancel(wheel, timer);
	if (tick < wheel->now_tick)
		tick = wheel->now_tick;
	timer->due_ms = due_ms;
	list_append(&wheel->slot[tick % TIMER_SLOTS], &timer->node);
	wheel->count++;
	if (tick * TIMER_TICK_MS < wheel->wake_ms)
		wheel->wake_ms = tick * TIMER_TICK_MS;
}

void timer_cancel(struct timer_wheel *wheel, struct timer *timer)
{
	if (!timer_is_armed(timer))
		return;
	list_remove(&timer->node);
	assert(wheel->count > 0);
	wheel->count--;
}

int timer_wheel_sleep_ms(const struct timer_wheel *wheel, uint64_t now_ms)
{
	if (wheel->count == 0)
		return -1;
	if (wheel->wake_ms <= now_ms)
		return 0;
	return wheel->wake_ms - now_ms > INT32_MAX ? INT32_MAX : (int)(wheel->wake_ms - now_ms);
}

/* Moves what is due out of the slot first: a handler may arm timers in this very slot. */
static void serve_slot(struct timer_wheel *wheel, struct list *slot, uint64_t now_ms)
{
	struct list due;

	list_init(&due);
	list_for_each_safe(node, tmp, slot) {
		if (container_of(node, struct timer, node)->due_ms <= now_ms) {
			list_remove(node);
			list_append(&due, node);
		}
	}
	while (!list_is_empty(&due)) {
		struct timer *timer = container_of(due.next, struct timer, node);

		timer_cancel(wheel, timer);
		timer->on_expire(timer);
	}
}

/* The first slot that was not served yet and holds a timer of any round: waking for it is never
 * late. */
static uint64_t find_wake_ms(const struct timer_wheel *wheel)
{
	if (wheel->count == 0)
		return UINT64_MAX;
	for (uint64_t tick = wheel->now_tick; tick < wheel->now_tick + TIMER_SLOTS; tick++)
		if (!list_is_empty(&wheel->slot[tick % TIMER_SLOTS]))
			return tick * TIMER_TICK_MS;
	return UINT64_MAX;
}

void timer_wheel_run(struct timer_wheel *wheel, uint64_t now_ms)
{
	uint64_t end_tick = now_ms / TIMER_TICK_MS;
	uint64_t tick = wheel->now_tick;

	if (now_ms < wheel->wake_ms)
		return;
	if (end_tick + 1 - tick > TIMER_SLOTS)
		tick = end_tick + 1 - TIMER_SLOTS;
	/* what a handler arms for a time that has come goes into the next slot, not a served one */
	wheel->now_tick = end_tick + 1;
	for (; tick <= end_tick; tick++)
		serve_slot(wheel, &wheel->slot[tick % TIMER_SLOTS], now_ms);
	wheel->wake_ms = find_wake_ms(wheel);
}
