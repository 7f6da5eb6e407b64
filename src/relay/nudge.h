/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Nudging an MPTCP connection whose far end has forgotten to send a DATA_ACK. */
#ifndef MPBRIDGE_NUDGE_H
#define MPBRIDGE_NUDGE_H

#include "relay/flow.h"

/* Whether bytes wait for room in the WAN side's send buffer. */
bool nudge_is_due(const struct flow *flow);

/* OPEN: the send buffer has just become full: sets the flow's timer for a look at it. */
void nudge_watch(struct flow *flow);

/*
 * The timer expired and nudge_is_due(): sets it anew. True when there is room in the send buffer
 * now: the caller then goes on writing.
 */
bool nudge_look(struct flow *flow);

/* After nudge_look(): the flow has waited for a while already. */
bool nudge_has_waited(const struct flow *flow);

/* The WAN side can be written again. */
void nudge_end(struct flow *flow);

#endif
