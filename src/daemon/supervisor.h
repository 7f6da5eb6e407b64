/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor: the privileged process that prepares everything and carries nothing. */
#ifndef MPBRIDGE_SUPERVISOR_H
#define MPBRIDGE_SUPERVISOR_H

#include "conf/source.h"

/*
 * Runs a client or a server until SIGTERM or SIGINT. `conf` is allocated, and given back here;
 * SIGHUP reads another one from the source. Returns the exit status; the reason of a failure has
 * been logged, and nothing is left behind.
 */
int supervisor_run(struct conf *conf, const struct conf_source *source);

#endif
