/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor: the privileged process that prepares everything and carries nothing. */
#ifndef MPBRIDGE_SUPERVISOR_H
#define MPBRIDGE_SUPERVISOR_H

#include "conf/conf.h"

/*
 * Runs a client or a server until SIGTERM or SIGINT. Names in `conf` are resolved in place. Returns
 * the exit status; the reason of a failure has been logged, and nothing is left behind.
 */
int supervisor_run(struct conf *conf);

#endif
