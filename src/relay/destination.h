/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state RESOLVE of a flow on the server: its destination is a name, and addresses are found. */
#ifndef MPBRIDGE_DESTINATION_H
#define MPBRIDGE_DESTINATION_H

#include "relay/flow.h"
#include "shadowsocks/target.h"

#include <stdbool.h>

/*
 * The flow is to go to target->name: looks it up, and dials as soon as an address is there to try;
 * or the flow ends. flow->destination is there until one address has connected, or the flow ends.
 */
void destination_start(struct flow *flow, const struct target *target);

/* RESOLVE: `events` came on `side`. */
void destination_step(struct flow *flow, enum flow_side side, uint32_t events);

/* RESOLVE: the name servers took too long. */
void destination_on_timer(struct flow *flow);

/*
 * DIAL: the next address to try, with its port, or NULL: none is known now. Notes that an attempt
 * begins.
 */
const struct address *destination_next(struct flow *flow);

/* DIAL: when the attempt after the last one is due; UINT64_MAX: no address is left for it. */
uint64_t destination_next_ms(const struct flow *flow);

/* DIAL: whether more addresses may still come. */
bool destination_awaits_more(const struct flow *flow);

/* Writes where the flow wants to go, a name if it has one, and the port; returns buf. */
const char *destination_format(const struct flow *flow, char buf[static TARGET_TEXT_BYTES]);

/* Lets go of the name. Harmless on a flow that has none. */
void destination_leave(struct flow *flow);

#endif
