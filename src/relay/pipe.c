/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooled pipes: what splice() moves payload through. */
#include "relay/pipe.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/*
 * Theory of operation. A flow holds a pipe only while bytes are in it, so a few pipes serve many
 * flows. A pipe of 1 MiB halves the CPU per byte against one of 64 KiB: a whole burst goes in and
 * out in one call each. The kernel bounds what a user's pipes may hold in all
 * (fs.pipe-user-pages-soft, 64 MiB): past it F_SETPIPE_SZ is refused and new pipes have two pages,
 * so that memory stays bounded by itself and such a flow is slower, no more.
 */

#define FDS_OF_A_PIPE 2

void pipe_pool_init(struct pipe_pool *pool, struct budget *budget)
{
	pool->n_idle = 0;
	pool->budget = budget;
}

void pipe_destroy(struct pipe_pool *pool, struct pipe *pipe)
{
	close(pipe->read_fd);
	close(pipe->write_fd);
	budget_give(pool->budget, FDS_OF_A_PIPE);
	free(pipe);
}

void pipe_pool_exit(struct pipe_pool *pool)
{
	while (pool->n_idle > 0)
		pipe_destroy(pool, pool->idle[--pool->n_idle]);
}

static struct pipe *open_pipe(void)
{
	struct pipe *pipe = malloc(sizeof(*pipe));
	int fds[2];

	if (!pipe)
		return NULL;
	if (pipe2(fds, O_NONBLOCK | O_CLOEXEC) < 0) {
		free(pipe);
		return NULL;
	}
	fcntl(fds[1], F_SETPIPE_SZ, PIPE_BYTES);
	pipe->read_fd = fds[0];
	pipe->write_fd = fds[1];
	return pipe;
}

struct pipe *pipe_borrow(struct pipe_pool *pool)
{
	struct pipe *pipe;

	if (pool->n_idle > 0)
		return pool->idle[--pool->n_idle];
	if (!budget_take(pool->budget, FDS_OF_A_PIPE))
		return NULL;
	pipe = open_pipe();
	if (!pipe)
		budget_give(pool->budget, FDS_OF_A_PIPE);
	return pipe;
}

void pipe_return(struct pipe_pool *pool, struct pipe *pipe)
{
	if (pool->n_idle == PIPE_POOL_MAX) {
		pipe_destroy(pool, pipe);
		return;
	}
	pool->idle[pool->n_idle++] = pipe;
}

uint32_t pipe_pool_idle_fds(const struct pipe_pool *pool)
{
	return pool->n_idle * FDS_OF_A_PIPE;
}
