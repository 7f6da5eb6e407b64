/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooled buffers of one size, each holding a run of bytes. */
#include "base/buffer.h"

#include <assert.h>
#include <stdlib.h>

#define IDLE_MAX 16

void buffer_pool_init(struct buffer_pool *pool)
{
	pool->idle = NULL;
	pool->n_idle = 0;
}

void buffer_pool_exit(struct buffer_pool *pool)
{
	while (pool->idle) {
		struct buffer *buffer = pool->idle;

		pool->idle = buffer->next;
		free(buffer);
	}
	pool->n_idle = 0;
}

struct buffer *buffer_borrow(struct buffer_pool *pool)
{
	struct buffer *buffer = pool->idle;

	if (buffer) {
		pool->idle = buffer->next;
		pool->n_idle--;
	} else {
		buffer = malloc(sizeof(*buffer));
		if (!buffer)
			return NULL;
	}
	buffer->next = NULL;
	buffer->begin = buffer->end = 0;
	return buffer;
}

void buffer_return(struct buffer_pool *pool, struct buffer *buffer)
{
	if (!buffer)
		return;
	if (pool->n_idle >= IDLE_MAX) {
		free(buffer);
		return;
	}
	buffer->next = pool->idle;
	pool->idle = buffer;
	pool->n_idle++;
}

void buffer_take(struct buffer *buffer, size_t count)
{
	assert(count <= buffer_used(buffer));
	buffer->begin += (uint32_t)count;
	if (buffer->begin == buffer->end)
		buffer->begin = buffer->end = 0;
}

void buffer_put(struct buffer *buffer, size_t count)
{
	assert(count <= buffer_room(buffer));
	buffer->end += (uint32_t)count;
}
