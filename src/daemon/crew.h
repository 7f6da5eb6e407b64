/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The crew: the supervisor's worker processes, started, watched and replaced. */
#ifndef MPBRIDGE_CREW_H
#define MPBRIDGE_CREW_H

#include "base/loop.h"
#include "conf/conf.h"
#include "daemon/channel.h"
#include "daemon/privilege.h"
#include "daemon/sockets.h"
#include "paths/board.h"
#include "relay/directory.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct crew;

/* clang-format off */
/*
 * A worker's life.
 *
 *   state     what moves it
 *   STARTING  its READY -> RUNNING; its end -> the crew failed to start
 *   RUNNING   its end -> ABSENT, and STARTING at once, or a second later if it lived for less
 *   ABSENT    the timer -> STARTING
 *   GONE      nothing: the crew is being dismissed
 */
/* clang-format on */
enum crew_state { CREW_GONE, CREW_STARTING, CREW_RUNNING, CREW_ABSENT };

struct crew_worker {
	struct crew *crew;
	unsigned index;
	enum crew_state state;
	bool was_ready; /* once: a later start that fails is tried again */
	pid_t pid;
	uint64_t started_ms;
	struct watch channel;
	struct timer restart;
	struct log_limit refused;
};

struct crew {
	struct loop *loop;
	const struct conf *conf;
	const struct sockets *sockets;
	const struct privilege_user *user;
	struct board *board;
	const struct salts_file *salts;
	const struct directory *directory; /* server; NULL on a client */
	unsigned n_workers;
	struct crew_worker worker[BOARD_WORKERS_MAX];
	bool is_dismissed;
	bool has_been_ready; /* all of them, at one time */
	/* Set by the owner. Called from the loop. */
	void (*on_ready)(struct crew *crew);  /* all accept connections, for the first time */
	void (*on_failed)(struct crew *crew); /* a worker could not start; it has logged why */
	void (*on_gone)(struct crew *crew);   /* dismissed, and the last one has ended */
	/* What a worker has seen: MESSAGE_WITNESS, MESSAGE_GREETED, MESSAGE_DOUBT. */
	void (*on_report)(struct crew *crew, const struct message *message);
};

/* Forks a worker for each set of listening sockets. 0 or -errno; then none is left. */
int crew_start(struct crew *crew);

/* After SIGCHLD: collects those that ended. */
void crew_reap(struct crew *crew);

/* Tells all to accept nothing more and to end with their last flow. */
void crew_dismiss(struct crew *crew);

/* Tells all that the far router which was there until gone_ms is another one now. */
void crew_tell_peer_gone(struct crew *crew, uint8_t router, uint64_t gone_ms);

/* Kills all; their flows end with RST. on_gone follows once crew_reap() has collected them. */
void crew_kill(struct crew *crew);

/* Flows that the workers carry now. */
uint64_t crew_flows(const struct crew *crew);

#endif
