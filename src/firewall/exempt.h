/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exempt networks: what interception leaves alone, whatever the configuration says. Pure. */
#ifndef MPBRIDGE_EXEMPT_H
#define MPBRIDGE_EXEMPT_H

#include "conf/conf.h"
#include "kernel/rtnetlink.h"

struct networks ARRAY_OF(struct network);

/*
 * Adds what no connection to is ever taken over: what is of one link only or of this machine, the
 * far routers, the networks that are directly connected to the intercepted interfaces, and the
 * configuration's `exclude`. Each network once. 0 or -ENOMEM.
 */
int exempt_always(const struct conf *conf, const struct rt_links *links,
		  const struct rt_addresses *addresses, struct networks *out);

/*
 * Adds what the router's own connections reach without the bridge beside that: the networks that
 * are directly connected to any of its interfaces. Each network once. 0 or -ENOMEM.
 */
int exempt_nearby(const struct rt_addresses *addresses, struct networks *out);

/* Whether the network lies in one of these as a whole. */
bool exempt_covers(const struct networks *networks, const struct network *network);

#endif
