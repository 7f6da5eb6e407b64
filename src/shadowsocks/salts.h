/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory of salts: a recorded stream is not taken for a new one. Pure, but for shared memory.
 */
#ifndef MPBRIDGE_SALTS_H
#define MPBRIDGE_SALTS_H

#include "shadowsocks/codec.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long a salt is remembered at least: twice what clocks may be apart (SIP022). */
#define SALTS_KEEP_S 60

#define SALTS_HEADS 4096
/* In one generation: 4369 streams a second for a minute. */
#define SALTS_MOST (1u << 18)

struct salts_entry {
	uint8_t salt[CODEC_SALT_MAX]; /* zeros behind a shorter one */
	_Atomic uint32_t next;	      /* in its chain, as a number from 1; 0: the last */
};

struct salts_generation {
	_Atomic uint32_t n; /* of its entries are in use */
	uint32_t begun_s;   /* with the first of them; since boot */
	_Atomic uint32_t head[SALTS_HEADS];
	struct salts_entry entry[SALTS_MOST];
};

/* What one process has seen. It alone writes here; the others read. */
struct salts_table {
	_Atomic uint32_t current; /* which generation is written to */
	struct salts_generation generation[2];
};

/*
 * Memory that all workers share, and that outlives them: the first of a file, then the tables. All
 * zeros is an empty one. It is sparse, and takes room only for what is in it.
 */
struct salts_store {
	/* Unix times, of 32 bits: any worker writes them, and not every processor does that at
	 * once. */
	_Atomic uint32_t born;	/* from which on everything is known; 0: not yet set */
	_Atomic uint32_t epoch; /* of the boot, as the clock said last */
	struct salts_table table[];
};

struct salts {
	struct salts_store *store;
	unsigned n_tables;
	unsigned own; /* the table that this process writes */
	bool forgets; /* by time, after SALTS_KEEP_S; else only when there is no room left */
};

/* The size of a store for so many processes. */
size_t salts_store_bytes(unsigned n_tables);

/*
 * Whether a header of that unix time was made after the memory began: one of before may be a
 * recording of what is not remembered. When the clock was set back since (seen by since_boot_s,
 * which never is), what has been forgotten is in time again: then the memory begins now.
 */
bool salts_know(struct salts_store *store, uint64_t time_s, uint64_t now_s, uint32_t since_boot_s);

/*
 * Gets the memory that everybody reads, where a file's may not be there. To be called before the
 * tables are used. 0, or -ENOSPC: there is none, and touching it would be a SIGBUS.
 */
int salts_reserve(struct salts_store *store, unsigned n_tables);

/*
 * Remembers a salt of n (16 or 32) bytes. Returns whether it is new: false when any process has
 * seen it before, or when there is no room for what must not be forgotten yet, or no memory. If two
 * processes are shown the same one in the same moment, both may say false. since_boot_s: a clock
 * that a restart of the program does not set back.
 */
bool salts_remember(const struct salts *salts, const uint8_t *salt, size_t n,
		    uint32_t since_boot_s);

#endif
