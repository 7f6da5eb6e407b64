/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The listening sockets: opened once, one set per worker at least, kept by the supervisor. */
#ifndef MPBRIDGE_SOCKETS_H
#define MPBRIDGE_SOCKETS_H

#include "conf/conf.h"
#include "paths/board.h"

#define SOCKETS_PER_WORKER_MAX CONF_SERVERS_MAX

struct sockets_address {
	struct address address; /* with its port */
	bool is_dual_stack;
};

/* All sockets of a set listen on the same addresses; the kernel spreads connections over the sets.
 */
struct sockets {
	unsigned n_sets;
	unsigned n_addresses;
	struct sockets_address on[SOCKETS_PER_WORKER_MAX];
	int fd[BOARD_WORKERS_MAX][SOCKETS_PER_WORKER_MAX];
};

/*
 * Client: plain TCP, for intercepted connections. Server: MPTCP where the kernel has it. On failure
 * one sentence is logged, none is left open, and -errno is returned.
 */
int sockets_open(struct sockets *sockets, const struct conf *conf, unsigned n_workers);

/*
 * What a changed configuration of the same role needs: where it listens as before, the sets of
 * `was`, with what waits in them, and more if there are more workers; else new ones. *out and `was`
 * share descriptors then. On failure one sentence is logged, nothing is left of *out, and -errno is
 * returned.
 */
int sockets_change(struct sockets *out, const struct sockets *was, const struct conf *conf,
		   unsigned n_workers);

/* Closes those that the other ones do not have. */
void sockets_close_but(struct sockets *sockets, const struct sockets *kept);

void sockets_close(struct sockets *sockets);

#endif
