/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket: who may asks there how the daemon is, and gets one JSON document. */
#ifndef MPBRIDGE_CONTROL_H
#define MPBRIDGE_CONTROL_H

#include "daemon/parts.h"

struct control;

/* Reads the configuration again: 0, or -errno and why in `errors`, which starts empty. */
typedef int control_on_reload(void *owner, struct messages *errors);

/*
 * Opens the control socket (rendezvous.h), or takes over that of handed_fd (-1: there is none), and
 * serves it from the loop. The parts must outlive it. NULL: it cannot be opened; one line says why,
 * and the daemon does without.
 */
struct control *control_open(struct parts *parts, control_on_reload *on_reload, void *owner,
			     int handed_fd);

/* The socket on which it listens, which stays its own. -1: there is none. NULL is allowed. */
int control_listener(const struct control *control);

/* Removes the socket, ends the conversations, and frees. NULL is allowed. */
void control_close(struct control *control);

#endif
