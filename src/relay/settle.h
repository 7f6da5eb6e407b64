/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settling: a client's new flow sends no great amounts before its subflows have joined. */
#ifndef MPBRIDGE_SETTLE_H
#define MPBRIDGE_SETTLE_H

#include "relay/flow.h"

/* OPEN begins: holds the lane to the far router after its first bytes, where that makes sense. */
void settle_start(struct flow *flow);

/* The lane has reached its limit: the first time, sets the flow's timer for a look. */
void settle_hold(struct flow *flow);

/* Whether the lane is held now. */
bool settle_is_holding(const struct flow *flow);

/*
 * The timer expired while it is held. True when that is over, because all have joined or it took
 * too long; otherwise the timer is set anew.
 */
bool settle_look(struct flow *flow);

#endif
