/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The listening sockets: opened once, one set per worker, kept by the supervisor. */
#ifndef MPBRIDGE_SOCKETS_H
#define MPBRIDGE_SOCKETS_H

#include "conf/conf.h"
#include "paths/board.h"

#define SOCKETS_PER_WORKER_MAX CONF_SERVERS_MAX

/* All sockets of a set listen on the same addresses; the kernel spreads connections over the sets.
 */
struct sockets {
	unsigned n_workers;
	unsigned n_addresses;
	int fd[BOARD_WORKERS_MAX][SOCKETS_PER_WORKER_MAX];
};

/*
 * Client: plain TCP, for intercepted connections. Server: MPTCP where the kernel has it. On failure
 * one sentence is logged, none is left open, and -errno is returned.
 */
int sockets_open(struct sockets *sockets, const struct conf *conf, unsigned n_workers);

void sockets_close(struct sockets *sockets);

#endif
