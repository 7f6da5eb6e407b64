/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker: an unprivileged process that carries flows. */
#ifndef MPBRIDGE_WORKER_H
#define MPBRIDGE_WORKER_H

#include "conf/conf.h"
#include "daemon/privilege.h"
#include "daemon/salts_file.h"
#include "paths/board.h"
#include "relay/directory.h"

/* All that a worker is given. */
struct worker_setup {
	unsigned index; /* its number, and its place on the board */
	const struct conf *conf;
	const struct privilege_user *user;
	struct board *board;
	const struct salts_file *salts;
	const struct directory *directory; /* server; NULL on a client */
	const int *listener_fds;
	unsigned n_listeners;
	int channel_fd;
	bool stands_by; /* it accepts nothing before it is told to begin */
};

/*
 * The worker's main(), after fork(): closes every descriptor but those it was given, drops
 * privileges, carries flows until it is told to drain and the last has ended, or until the
 * supervisor is gone. Returns the exit status.
 */
int worker_run(const struct worker_setup *setup);

/*
 * Whether a process can become a worker with such a configuration, as far as privileges and the
 * sandbox go: a child tries. 0, or -errno, which has been logged.
 */
int worker_try(const struct conf *conf, const struct privilege_user *user);

#endif
