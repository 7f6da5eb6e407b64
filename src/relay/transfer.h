/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The states OPEN and DRAIN of a flow: payload goes both ways, then to its end. */
#ifndef MPBRIDGE_TRANSFER_H
#define MPBRIDGE_TRANSFER_H

#include "relay/flow.h"

#include <stdint.h>

/* Both sides are connected: the flow becomes OPEN, and what is there already is moved. */
void transfer_start(struct flow *flow);

/* OPEN or DRAIN: does all that the sides' edges permit. `events` came on `side`; 0 after a fair
 * turn. */
void transfer_step(struct flow *flow, enum flow_side side, uint32_t events);

/* OPEN: the far end of this side is known to be gone. What it sent is delivered, then the other
 * side is reset. */
void transfer_fail(struct flow *flow, enum flow_side side);

/* OPEN: idle for too long? DRAIN: acknowledged by now? */
void transfer_on_timer(struct flow *flow);

#endif
