/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state HEADER of a flow on the server: who comes, and where to. */
#ifndef MPBRIDGE_REQUEST_H
#define MPBRIDGE_REQUEST_H

#include "relay/flow.h"

/* The WAN side was accepted from `peer`: refuses it, or waits for the address header. */
void request_start(struct flow *flow, const struct address *peer);

/* Reads what has come of the header; when it is whole, checks and dials its target. */
void request_step(struct flow *flow);

void request_on_timer(struct flow *flow);

#endif
