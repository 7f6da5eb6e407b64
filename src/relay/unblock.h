/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Unblocking an MPTCP connection whose receive buffer is full of what came out of order. */
#ifndef MPBRIDGE_UNBLOCK_H
#define MPBRIDGE_UNBLOCK_H

#include "base/list.h"
#include "base/timer.h"

#include <stdint.h>

struct flow;
struct relay;

struct unblock {
	struct relay *relay;
	struct timer look;
	struct list flows; /* by flow->unblock_node; who was looked at is the last */
	uint32_t n;
};

void unblock_init(struct unblock *unblock, struct relay *relay);
void unblock_exit(struct unblock *unblock);

/* The flow is OPEN: from now on its WAN side is looked at, if that is MPTCP. */
void unblock_join(struct unblock *unblock, struct flow *flow);

/* The flow ends. Harmless for one that never joined. */
void unblock_leave(struct unblock *unblock, struct flow *flow);

/* Milliseconds from one look, at some of `n_flows`, to the next. Pure. */
uint32_t unblock_pause_ms(uint32_t n_flows);

#endif
