/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dispatch: from a flow's event to the step of the state that it is in. */
#ifndef MPBRIDGE_DISPATCH_H
#define MPBRIDGE_DISPATCH_H

#include "relay/relay.h"

/*
 * Begins a flow on a connection that a listener took in. The descriptor becomes the flow's own;
 * FLOW_FDS descriptors of the relay's budget are taken for it already.
 */
void dispatch_start(struct relay *relay, int fd, const struct address *peer);

#endif
