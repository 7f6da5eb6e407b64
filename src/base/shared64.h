/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A number of 64 bits in memory that processes share. One at a time writes it; any may read it. */
#ifndef MPBRIDGE_SHARED64_H
#define MPBRIDGE_SHARED64_H

#include "base/turns.h"

#include <stdatomic.h>
#include <stdint.h>

/*
 * Theory of operation. Most processors store 64 bits at once. Those of MIPS with 32 bits do not,
 * and what the compiler's library offers in place of it is a lock inside of one process, which
 * means nothing to another one. There a number lies in two halves, and twice (turns.h).
 *
 * Whoever reads a number sees all that its writer had written before.
 */

#ifndef SHARED64_IS_HALVED
#define SHARED64_IS_HALVED (ATOMIC_LLONG_LOCK_FREE != 2)
#endif

#if SHARED64_IS_HALVED

struct shared64 {
	_Atomic uint32_t version; /* see turns.h */
	_Atomic uint32_t low[2], high[2];
};

static inline uint64_t shared64_get(const struct shared64 *number)
{
	uint32_t now, low, high;

	do {
		now = turns_begin(&number->version);
		low = atomic_load_explicit(&number->low[now % 2], memory_order_relaxed);
		high = atomic_load_explicit(&number->high[now % 2], memory_order_relaxed);
	} while (!turns_hold(&number->version, now));
	return (uint64_t)high << 32 | low;
}

static inline void shared64_set(struct shared64 *number, uint64_t value)
{
	unsigned at = turns_free(&number->version);

	atomic_store_explicit(&number->low[at], (uint32_t)value, memory_order_relaxed);
	atomic_store_explicit(&number->high[at], (uint32_t)(value >> 32), memory_order_relaxed);
	turns_publish(&number->version);
}

#else

struct shared64 {
	_Atomic uint64_t value;
};

static inline uint64_t shared64_get(const struct shared64 *number)
{
	return atomic_load_explicit(&number->value, memory_order_acquire);
}

static inline void shared64_set(struct shared64 *number, uint64_t value)
{
	atomic_store_explicit(&number->value, value, memory_order_release);
}

#endif

/* Only its writer may add: it is read, and then written. */
static inline void shared64_add(struct shared64 *number, uint64_t more)
{
	shared64_set(number, shared64_get(number) + more);
}

#endif
