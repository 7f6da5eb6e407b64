/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence: what the running flows of a client's worker say about the paths. */
#ifndef MPBRIDGE_EVIDENCE_H
#define MPBRIDGE_EVIDENCE_H

#include "base/timer.h"
#include "kernel/subflow.h"
#include "paths/board.h"

#include <stdbool.h>
#include <stdint.h>

#define EVIDENCE_FLOWS 16

struct flow;
struct relay;

/* What a witness's subflow did; by its addresses, since subflows come and go. */
struct evidence_subflow {
	uint8_t place; /* of its path */
	struct address local, remote;
	uint64_t acked, received;
	uint64_t acked_ms;   /* when `acked` last grew, or nothing was in flight */
	uint64_t grew_ms;    /* when `acked` last grew; 0: not yet */
	uint64_t moved_ms;   /* when an acknowledgement or data last came */
	uint64_t told_ms;    /* when it was last told that it is stuck */
	uint32_t gap_us;     /* the longest lately between two signs of life; fades away */
	uint64_t busy_bytes; /* received since the last rest */
	uint64_t window_ms;  /* the window in which its pace is measured began */
	uint64_t window_acked, window_received; /* what they were then */
	uint64_t rate;	     /* the highest of a window lately; bytes per second */
	uint64_t burst_rate; /* as the window before saw it */
};

/* A flow that is watched: one of those that move bytes. */
struct evidence_witness {
	struct flow *flow; /* NULL: none */
	uint64_t since_ms;
	uint64_t seen_ms[BOARD_PLACES]; /* when it last had a subflow there; see look_for_missing()
					 */
	unsigned n;
	struct evidence_subflow subflow[SUBFLOWS_MAX];
};

struct evidence {
	struct relay *relay;
	struct timer look;
	struct evidence_witness witness[EVIDENCE_FLOWS];
};

void evidence_init(struct evidence *evidence, struct relay *relay);
void evidence_exit(struct evidence *evidence);

/* The flow, which is OPEN, has moved bytes. Cheap for one that is watched already. */
void evidence_note(struct evidence *evidence, struct flow *flow);

/* The flow ends. */
void evidence_forget(struct evidence *evidence, struct flow *flow);

#endif
