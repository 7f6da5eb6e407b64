/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor: the privileged process that prepares everything and carries nothing. */
#ifndef MPBRIDGE_SUPERVISOR_H
#define MPBRIDGE_SUPERVISOR_H

#include "conf/source.h"
#include "daemon/handover.h"

/*
 * Runs a client or a server until SIGTERM or SIGINT. `conf` is allocated, and given back here;
 * SIGHUP reads another one from the source. `from` is what the program that ran in this process
 * before has left, or NULL. Returns the exit status; the reason of a failure has been logged, and
 * nothing is left behind.
 */
int supervisor_run(struct conf *conf, const struct conf_source *source,
		   const struct handover *from);

#endif
