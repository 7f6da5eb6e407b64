/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two copies in turn: how one process hands others something that is larger than one store. */
#ifndef MPBRIDGE_TURNS_H
#define MPBRIDGE_TURNS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Theory of operation. In memory that processes share there are two copies of something, and a
 * number, the version: the copy of its parity holds. The one writer fills the other copy and counts
 * the version up; it never waits, and if it is held up or killed half way nobody is hindered. A
 * reader copies the one that holds. If the version is another one afterwards, the writer may have
 * begun to write into what was being copied, and the reader copies again.
 *
 *	writer:	fill copy[turns_free(&version)]; turns_publish(&version);
 *	reader:	do now = turns_begin(&version), copy from copy[now % 2]; while
 *(!turns_hold(&version, now));
 */

/* Reader: the version that holds; what it stands for lies in the copy [version % 2]. */
static inline uint32_t turns_begin(const _Atomic uint32_t *version)
{
	return atomic_load_explicit(version, memory_order_acquire);
}

/* Reader: whether what was copied since turns_begin() returned `begun` is whole. */
static inline bool turns_hold(const _Atomic uint32_t *version, uint32_t begun)
{
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(version, memory_order_acquire) == begun;
}

/* Writer: which copy (0 or 1) is to be filled. */
static inline unsigned turns_free(const _Atomic uint32_t *version)
{
	return (atomic_load_explicit(version, memory_order_relaxed) + 1) % 2;
}

/* Writer: the copy that was filled holds from now on. */
static inline void turns_publish(_Atomic uint32_t *version)
{
	uint32_t next = atomic_load_explicit(version, memory_order_relaxed) + 1;

	atomic_store_explicit(version, next, memory_order_release);
	/* readers see that before they see anything of what is next written into the other one */
	atomic_thread_fence(memory_order_seq_cst);
}

#endif
