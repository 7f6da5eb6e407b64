/* SPDX-License-Identifier: GPL-3.0-or-later */
/* As whom a server connects to destinations: as itself, or as the host that a flow is for. */
#ifndef MPBRIDGE_SOURCE_H
#define MPBRIDGE_SOURCE_H

#include "relay/flow.h"
#include "shadowsocks/target.h"

#include <stdbool.h>

/*
 * HEADER: keeps the host's address that the client told, if any, as flow->source where destinations
 * are to see it. False: it cannot be a host behind that client; a line has been logged, and the
 * flow is to end.
 */
bool source_take(struct flow *flow, const struct target *target);

/* DIAL: whether the connection to this address is to come from the host's. */
bool source_is_shown(const struct flow *flow, const struct address *to);

/*
 * DIAL: a socket that connects to it from the host's address, with its port where that is free. The
 * descriptor, or -errno.
 */
int source_connect(const struct flow *flow, const struct address *to);

/* Client: the address that the server is told; family 0: none. */
struct address source_to_tell(struct flow *flow);

#endif
