/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The beginning of a flow on the client: where an intercepted connection wanted to go. */
#ifndef MPBRIDGE_INTERCEPT_H
#define MPBRIDGE_INTERCEPT_H

#include "relay/flow.h"

/*
 * The LAN side was accepted from `peer`: asks conntrack for its destination and dials. A connection
 * to this router itself is not bridged but connected directly; one to our own listener is refused.
 */
void intercept_start(struct flow *flow, const struct address *peer);

#endif
