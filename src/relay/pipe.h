/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pooled pipes: what splice() moves payload through. */
#ifndef MPBRIDGE_PIPE_H
#define MPBRIDGE_PIPE_H

#include "relay/budget.h"

#include <stdint.h>

/* What a pipe is asked to hold; the kernel may grant less. */
#define PIPE_BYTES (1 << 20)
/* Idle pipes that are kept; more are closed. */
#define PIPE_POOL_MAX 16

struct pipe {
	int read_fd;
	int write_fd;
};

struct pipe_pool {
	struct pipe *idle[PIPE_POOL_MAX];
	uint32_t n_idle;
	struct budget *budget;
};

/* Pipes cost descriptors, which come out of `budget`. */
void pipe_pool_init(struct pipe_pool *pool, struct budget *budget);
void pipe_pool_exit(struct pipe_pool *pool);

/*
 * An empty, non-blocking pipe, of 1 MiB where the kernel grants that. NULL when descriptors are
 * short: the caller then copies.
 */
struct pipe *pipe_borrow(struct pipe_pool *pool);

/* Gives an empty pipe back. */
void pipe_return(struct pipe_pool *pool, struct pipe *pipe);

/* How many descriptors the pipes have that nobody has borrowed now. */
uint32_t pipe_pool_idle_fds(const struct pipe_pool *pool);

/* Closes a pipe that may hold bytes. */
void pipe_destroy(struct pipe_pool *pool, struct pipe *pipe);

#endif
