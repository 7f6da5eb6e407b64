/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Upgrading: another program takes this one's place, in the same process and without losing a flow.
 */
#ifndef MPBRIDGE_UPGRADE_H
#define MPBRIDGE_UPGRADE_H

#include "daemon/handover.h"

#include <limits.h>
#include <sys/types.h>

struct upgrade {
	struct parts *parts;
	char path[PATH_MAX]; /* of the program; "": unknown, and it is never replaced */
	dev_t device;
	ino_t inode;
	int control_fd;
	int program_fd; /* of the file that is to take over; -1: nothing has begun */
	struct task task;
};

/* Notes which program runs. */
void upgrade_init(struct upgrade *upgrade, struct parts *parts);

/* Whether another file is where the program that runs came from. */
bool upgrade_is_due(const struct upgrade *upgrade);

/*
 * Has the new program try whether it can go on with the file as it is now. 0: it can, and
 * upgrade_go_on() or upgrade_give_up() has to follow; control_fd is control_listener()'s. -EINVAL:
 * it cannot, or another -errno; `errors` says why, and everything stays as it was.
 */
int upgrade_begin(struct upgrade *upgrade, int control_fd, struct messages *errors);

/* What runs has taken the same file: the new program takes over when the events at hand have been
 * dealt with. */
void upgrade_go_on(struct upgrade *upgrade);

/* Whether upgrade_begin() has had success, and nothing has come of it yet. */
bool upgrade_has_begun(const struct upgrade *upgrade);

/* Gives up what has begun. Harmless if nothing has. */
void upgrade_give_up(struct upgrade *upgrade);

/*
 * The new program's side: whether supervisor_run() with that configuration and what is handed over
 * would succeed, as far as can be told without changing anything. 0 or -errno, which has been
 * logged.
 */
int upgrade_try(struct conf *conf, const struct handover *handover);

/* The name of the subcommand that does so, and what it prints when it succeeds, before its version.
 */
#define UPGRADE_TRY	"try-to-take-over"
#define UPGRADE_PROMISE "takes over: "

#endif
