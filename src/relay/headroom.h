/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Headroom: how much an MPTCP connection of several subflows may have under way. */
#ifndef MPBRIDGE_HEADROOM_H
#define MPBRIDGE_HEADROOM_H

#include "kernel/subflow.h"

struct flow;

/* In a flow; zeroes at its beginning. */
struct headroom {
	uint32_t bytes;	    /* the size that the send buffer was given; 0: the kernel's own */
	uint64_t look_ms;   /* not again before */
	uint64_t window_ms; /* when the window in which losses are counted began; 0: it has not */
	uint64_t segments, again; /* what they were then, */
	unsigned n;		  /* of this many subflows */
	bool may_have_others;	  /* there was once more than one path, and may be again */
	uint32_t lossy_windows;	  /* one after the other, in which segments were lost */
	uint64_t eased_to_ms;	  /* until then it is larger because of that, */
	uint32_t pause_ms;	  /* which has lasted for so long the last time */
};

/* The size that the send buffer should have now; headroom->bytes: the one that it has. Pure. */
uint32_t headroom_judge(struct headroom *headroom, const struct subflow_load *load,
			uint64_t now_ms);

/* OPEN: the WAN side's send buffer has just become full. Gives it the size that it should have. */
void headroom_adapt(struct flow *flow);

#endif
