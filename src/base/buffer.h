/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooled buffers of one size, each holding a run of bytes. */
#ifndef MPBRIDGE_BUFFER_H
#define MPBRIDGE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#define BUFFER_BYTES 65536

struct buffer {
	struct buffer *next; /* in the pool */
	uint32_t begin;	     /* the first byte not yet taken */
	uint32_t end;	     /* behind the last byte put in */
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

static inline size_t buffer_used(const struct buffer *buffer)
{
	return buffer->end - buffer->begin;
}

/* Room behind the last byte. */
static inline size_t buffer_room(const struct buffer *buffer)
{
	return BUFFER_BYTES - buffer->end;
}

/* Takes `count` (<= used) bytes off the front; an emptied buffer starts at 0 again. */
void buffer_take(struct buffer *buffer, size_t count);

/* Counts `count` (<= room) bytes that were written behind the last one. */
void buffer_put(struct buffer *buffer, size_t count);

#endif
