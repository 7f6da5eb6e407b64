/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooled buffers of one size, each holding runs of bytes that are to be passed on. */
#include "base/buffer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

static void start_again(struct buffer *buffer)
{
	buffer->raw = buffer->end = buffer->used = 0;
	buffer->first_run = buffer->n_runs = 0;
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
	start_again(buffer);
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

void buffer_put_raw(struct buffer *buffer, size_t count)
{
	assert(count <= buffer_room(buffer));
	buffer->end += (uint32_t)count;
}

void buffer_open(struct buffer *buffer, size_t count, size_t skip, size_t n)
{
	uint32_t begin = buffer->raw + (uint32_t)skip;

	assert(count <= buffer_raw(buffer) && skip + n <= count && buffer_has_run(buffer));
	buffer->raw += (uint32_t)count;
	if (n == 0)
		return;
	buffer->run[buffer->first_run + buffer->n_runs++] =
		(struct buffer_run){begin, begin + (uint32_t)n};
	buffer->used += (uint32_t)n;
}

void buffer_put(struct buffer *buffer, size_t count)
{
	buffer_put_raw(buffer, count);
	buffer_open(buffer, count, 0, count);
}

void buffer_compact(struct buffer *buffer)
{
	size_t rest = buffer_raw(buffer);

	assert(buffer->n_runs == 0);
	memmove(buffer->bytes, buffer->bytes + buffer->raw, rest);
	start_again(buffer);
	buffer->end = (uint32_t)rest;
}

int buffer_runs(struct buffer *buffer, struct iovec out[static BUFFER_RUNS])
{
	for (int i = 0; i < buffer->n_runs; i++) {
		const struct buffer_run *run = &buffer->run[buffer->first_run + i];

		out[i] = (struct iovec){buffer->bytes + run->begin, run->end - run->begin};
	}
	return buffer->n_runs;
}

/* Off the first run; returns how many of `count`. */
static uint32_t take_from_run(struct buffer *buffer, uint32_t count)
{
	struct buffer_run *run = &buffer->run[buffer->first_run];

	if (count > run->end - run->begin)
		count = run->end - run->begin;
	run->begin += count;
	if (run->begin == run->end) {
		buffer->first_run++;
		buffer->n_runs--;
	}
	return count;
}

void buffer_take(struct buffer *buffer, size_t count)
{
	assert(count <= buffer_used(buffer));
	buffer->used -= (uint32_t)count;
	while (count > 0)
		count -= take_from_run(buffer, (uint32_t)count);
	if (buffer->n_runs > 0)
		return;
	buffer->first_run = 0;
	if (buffer_raw(buffer) == 0)
		start_again(buffer);
}
