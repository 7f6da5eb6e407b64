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
 *   RUNNING   its end -> ABSENT, and STARTING at once, or a second later if it lived for less;
 *             LEAVING, or the crew is being dismissed: -> GONE
 *   ABSENT    the timer -> STARTING
 *   GONE      nothing: its place is free
 *
 * And its duty. A changed configuration has new workers, which stand by until all of them are there.
 *
 *   duty         what moves it
 *   STANDING_BY  crew_take_over() -> IN_SERVICE; one of them ends -> all are killed
 *   IN_SERVICE   crew_take_over() -> LEAVING
 *   LEAVING      its last flow ends, and so does it
 *
 * Those of the program that ran in this process before are LEAVING from the beginning, though they
 * accept until crew_drain_leaving().
 */
/* clang-format on */
enum crew_state { CREW_GONE, CREW_STARTING, CREW_RUNNING, CREW_ABSENT };
enum crew_duty { CREW_IN_SERVICE, CREW_STANDING_BY, CREW_LEAVING };

/* What workers are started with. All that it names is the owner's. */
struct crew_outfit {
	const struct conf *conf;
	const struct sockets *sockets;
	const struct privilege_user *user;
	const struct salts_file *salts;
	const struct directory *directory; /* server; NULL on a client */
	unsigned n_workers;
};

struct crew_worker {
	struct crew *crew;
	unsigned index;	 /* its place on the board */
	unsigned number; /* among those of its outfit: which listening sockets it has */
	enum crew_duty duty;
	bool knows_routers; /* client: they are numbered as they were when it was started */
	enum crew_state state;
	bool had_flows; /* when it ended */
	bool was_ready; /* once: a later start that fails is tried again */
	/* It and its place on the board are of a program with another layout: it tells nothing that
	 * could be understood, nor could it understand. */
	bool is_stranger;
	pid_t pid;
	uint64_t started_ms;
	struct watch channel;
	struct timer restart;
	struct log_limit refused;
};

struct crew {
	struct loop *loop;
	struct board *board;
	struct crew_outfit outfit; /* of those in service */
	struct crew_outfit next;   /* of those that stand by */
	struct crew_worker worker[BOARD_WORKERS_MAX];
	bool is_dismissed;
	bool has_been_ready; /* all of them, at one time */
	/* Set by the owner. Called from the loop. */
	void (*on_ready)(struct crew *crew);  /* all accept connections, for the first time */
	void (*on_failed)(struct crew *crew); /* a worker could not start; it has logged why */
	void (*on_gone)(struct crew *crew);   /* dismissed, and the last one has ended */
	void (*on_standing_by)(struct crew *crew, bool is_complete); /* see crew_change() */
	void (*on_left)(struct crew *crew); /* the last one that was leaving has ended */
	/* What a worker has seen: MESSAGE_WITNESS, _GREETED, _DOUBT, _HELD_UP. */
	void (*on_report)(struct crew *crew, const struct message *message);
};

/* A worker, as it is handed over to another program in this process. */
struct crew_veteran {
	unsigned index;
	pid_t pid;
	int channel_fd;
	bool knows_routers, is_stranger;
};

/* Those that run and can be told something, for another program; how many. */
unsigned crew_hand_over(const struct crew *crew, struct crew_veteran out[static BOARD_WORKERS_MAX]);

/* Kills those that run and have closed their channel, which an honest one does only to end: the
 * next program would not know of them. */
void crew_kill_unreachable(const struct crew *crew);

/* Takes over such a worker, before crew_start(). The channel is the crew's from now on. 0 or
 * -errno. */
int crew_adopt(struct crew *crew, const struct crew_veteran *veteran);

/* Tells those that leave to accept nothing more. */
void crew_drain_leaving(struct crew *crew);

/* Forks the workers of the outfit, beside those that were adopted. 0 or -errno; then none is left.
 */
int crew_start(struct crew *crew);

/*
 * Forks workers with another outfit, which stand by. on_standing_by follows: when all of them are
 * ready, or when one could not start, and they have been killed. 0, -EBUSY (so many are leaving
 * that there is no place, or others stand by) or another -errno; then none is left of them.
 */
int crew_change(struct crew *crew, const struct crew_outfit *next);

/* Whether there are places for so many more. */
bool crew_has_room(const struct crew *crew, unsigned n_more);

/* Kills those that stand by. */
void crew_send_home(struct crew *crew);

/* How many places on the board are in use, or before one that is, with so many more workers. */
unsigned crew_places_with(const struct crew *crew, unsigned n_more);

/* Those that stand by accept from now on, and those in service leave when their last flow ends. */
void crew_take_over(struct crew *crew, bool has_same_routers);

/* Whether some are still leaving. */
bool crew_has_leaving(const struct crew *crew);

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
