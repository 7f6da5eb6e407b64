/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reloading: another configuration, without losing a flow. */
#ifndef MPBRIDGE_RELOAD_H
#define MPBRIDGE_RELOAD_H

#include "daemon/parts.h"

/* What is kept while new workers get ready. */
struct reload {
	struct parts *parts;
	struct conf *conf; /* NULL: none is under way */
	struct privilege_user user;
	struct sockets sockets;
	struct naming *naming;
	struct interception *fresh; /* where there was none; NULL */
	struct naming *naming_done; /* to be closed after the events at hand */
	struct task tidy;
	bool has_left; /* nobody needs the interception that is leaving */
};

/* Of zeroes. */
void reload_init(struct reload *reload, struct parts *parts);

/*
 * Reads the configuration again and checks it; if it is good, workers are started with it, and
 * reload_on_standing_by() does the rest. None may be under way. 0: it is, or is done. Otherwise
 * nothing has changed, `errors` says why, and -EINVAL (mistakes), -EBUSY (too many workers are
 * leaving) or another -errno is returned. `notes` as for conf_read().
 */
int reload_begin(struct reload *reload, struct messages *errors, struct messages *notes);

/* The new workers are there, or are not: everything changes over, or nothing does. */
void reload_on_standing_by(struct reload *reload, bool is_complete);

/* Gives up what is under way: everything stays as it was. Harmless if nothing is. */
void reload_give_up(struct reload *reload);

/* The last of the old workers has ended. */
void reload_on_left(struct reload *reload);

/* Gives back what is left. */
void reload_exit(struct reload *reload);

#endif
