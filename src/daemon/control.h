/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The control socket: who may asks there how the daemon is, and gets one JSON document. */
#ifndef MPBRIDGE_CONTROL_H
#define MPBRIDGE_CONTROL_H

#include "daemon/crew.h"
#include "paths/manager.h"

struct control;

/*
 * Opens the control socket (rendezvous.h) and serves it from the loop. Crew, manager and loop must
 * outlive it. NULL: it cannot be opened; one line says why, and the daemon does without.
 */
struct control *control_open(struct loop *loop, const struct crew *crew,
			     const struct manager *manager);

/* Removes the socket, ends the conversations, and frees. NULL is allowed. */
void control_close(struct control *control);

#endif
