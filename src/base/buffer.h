/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooled buffers of one size, each holding runs of bytes that are to be passed on. */
#ifndef MPBRIDGE_BUFFER_H
#define MPBRIDGE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Room for the longest piece that a cipher's stream can have, with its tag, and little more. */
#define BUFFER_BYTES (66 << 10)
#define BUFFER_RUNS  32

/* Where a run of bytes lies. */
struct buffer_run {
	uint32_t begin;
	uint32_t end;
};

/*
 * Bytes are put in behind those that are there. They are raw, and become runs: what is put in as it
 * is, at once; what has to be opened first, piece by piece, with gaps between.
 *
 *   +---------+-------+-----+-------+----------------+-----------+
 *   | (taken) | run   |     | run   | raw            | room      |
 *   +---------+-------+-----+-------+----------------+-----------+
 *                                   ^ raw            ^ end
 */
struct buffer {
	struct buffer *next; /* in the pool */
	uint32_t raw;
	uint32_t end;
	uint32_t used; /* bytes in the runs */
	uint16_t first_run;
	uint16_t n_runs; /* from first_run on */
	struct buffer_run run[BUFFER_RUNS];
	uint8_t bytes[BUFFER_BYTES];
};

struct buffer_pool {
	struct buffer *idle;
	uint32_t n_idle;
};

void buffer_pool_init(struct buffer_pool *pool);
void buffer_pool_exit(struct buffer_pool *pool);

/* An empty buffer; NULL when there is no memory. */
struct buffer *buffer_borrow(struct buffer_pool *pool);

/* Gives a buffer back, whatever it holds. NULL is allowed. */
void buffer_return(struct buffer_pool *pool, struct buffer *buffer);

/* Bytes that are to be passed on. */
static inline size_t buffer_used(const struct buffer *buffer)
{
	return buffer->used;
}

/* Raw bytes. */
static inline size_t buffer_raw(const struct buffer *buffer)
{
	return buffer->end - buffer->raw;
}

/* Room behind the last byte. */
static inline size_t buffer_room(const struct buffer *buffer)
{
	return BUFFER_BYTES - buffer->end;
}

/* Counts `count` (<= room) bytes that were written behind the last one; they are raw. */
void buffer_put_raw(struct buffer *buffer, size_t count);

/*
 * Of the first `count` raw bytes, `n` from the one numbered `skip` on are to be passed on, and the
 * others are done with. There must be a free run: see buffer_has_run().
 */
void buffer_open(struct buffer *buffer, size_t count, size_t skip, size_t n);

/* Whether buffer_open() may be called once more. */
static inline bool buffer_has_run(const struct buffer *buffer)
{
	return buffer->first_run + buffer->n_runs < BUFFER_RUNS;
}

/* buffer_put_raw() and buffer_open() in one: bytes that are passed on as they are. */
void buffer_put(struct buffer *buffer, size_t count);

/* Moves the raw bytes to the start, to make room. There must be no runs. */
void buffer_compact(struct buffer *buffer);

/* The runs, for writev(); returns how many. */
int buffer_runs(struct buffer *buffer, struct iovec out[static BUFFER_RUNS]);

/* Takes `count` (<= used) bytes off the front; an emptied buffer starts at 0 again. */
void buffer_take(struct buffer *buffer, size_t count);

#endif
