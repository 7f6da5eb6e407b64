/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state DIAL of a flow: the client connects to the far router, the server to the destination.
 */
#ifndef MPBRIDGE_DIAL_H
#define MPBRIDGE_DIAL_H

#include "relay/flow.h"

#include <stdint.h>

/*
 * flow->target is known, or flow->destination has an address: begins to connect the dialed side;
 * the flow becomes DIAL, or ends. The client tries one path after the other until the far router
 * answers.
 */
void dial_start(struct flow *flow);

/* DIAL: `events` came on `side`. When the dialed side is connected, payload starts to flow. */
void dial_step(struct flow *flow, enum flow_side side, uint32_t events);

/* DIAL: another answer for the flow's name has come: more addresses, or the word that none come. */
void dial_more(struct flow *flow);

/* DIAL: the attempt took too long. */
void dial_on_timer(struct flow *flow);

#endif
