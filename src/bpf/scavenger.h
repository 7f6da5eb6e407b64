/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the scavenger's BPF program and its loader share. Plain types: neither has the other's
 * headers. */
#ifndef MPBRIDGE_BPF_SCAVENGER_H
#define MPBRIDGE_BPF_SCAVENGER_H

#include <linux/types.h>

/* Where the loader writes the name of the congestion control: a NUL-terminated place of 16 bytes in
 * the object (TCP_CA_NAME_MAX), found by this text. */
#define SCAVENGER_PLACEHOLDER "@mpb_scavenger@"
#define SCAVENGER_NAME_BYTES  16

/* A way: from one address of ours to one of the far end; 16 bytes each, IPv4 as ::ffff:a.b.c.d, so
 * that an IPv4 socket and an IPv6 one with mapped addresses are on the same way. Network order. */
struct scavenger_key {
	__u32 local[4], remote[4];
};

/* What is known of a way. Times are microseconds of CLOCK_MONOTONIC, rates bytes per second. */
struct scavenger_way {
	__u32 base_us,
		older_us; /* the least round trip: of this window, and of the one before it */
	__u64 base_at_us; /* when this window began */

	__u32 low_us,
		high_us; /* between these the round trip has stayed since calm_us: note_calm() */
	__u64 calm_us;
	__u32 calm_rounds;

	__u32 queue_us;	   /* of the last round */
	__u64 bytes;	   /* acknowledged, of all our flows here */
	__u64 rate;	   /* of the last round */
	__u64 rate_us;	   /* when that was */
	__u64 steady_rate; /* the lesser of the last two */
	__u64 usual_rate;  /* the most of some round trips */
	__u64 usual_us;	   /* when a round was counted in it last */

	__u64 share; /* what we had when the queue stood and nobody pushed: all that is left for us
		      */
	__u64 share_us; /* when it was last seen, or lowered */
	__u64 capacity; /* the most that has been carried lately */

	/* The first acknowledgement in turn that says that others push, the bytes then (low bits
	 * both), the longest silence since then, how many there were; and the last one of all. */
	__u32 push_us, push_bytes, silence_us, pushes;
	__u64 acked_us;
	__u64 carried_us; /* the last one of a flow that is more than a greeting */
	__u64 debt;	  /* bytes that have come later than at our share while the queue stood */

	__u64 until_us;	  /* it yields until then; 0: never has */
	__u64 left_us;	  /* when it last began to yield */
	__u64 try_us;	  /* when the last try began */
	__u64 backoff_us; /* how long the next yield takes */
	__u64 check_us;	  /* since when a check runs; 0: none does */
	__u64 check_rate; /* our rate when it began */
	__u64 weak_us;	  /* since when our rate lacks beside a short queue, and does not grow */
	__u64 weak_rate;  /* our rate then; 0: there is no lack */

	__u64 slowdown_due_us;	 /* when the next slowdown begins */
	__u64 slowdown_us;	 /* since when there is one; 0: there is none */
	__u32 slowdown_queue_us; /* the queue beside which it began */

	__u32 standing;	   /* handshakes in turn that have met a queue while we were away */
	__u64 resume_rate; /* the next try begins with this; 0: with little */
	__u64 retry_rate;  /* the next try grows by quarters up to here; 0: up to the capacity */
	__u64 yields;	   /* how often it has begun to yield */
	__u64 yielded_us;  /* for how long in all */
	__u32 is_held;	   /* the link is ours: we have had our share since the last try */
	__u32 is_endless;  /* the last drain did not come to an end: there is no other path */
	__u32 epoch, n_now,
		n_last; /* how many flows were counted in this epoch, and the one before */
};

/* A queue of less may be noise: of interrupts, of a burst. */
#define SCAVENGER_LOW_US 1500u

/* The least round trip that is known of the way. */
static inline __u32 scavenger_base_us(const struct scavenger_way *way)
{
	return way->older_us && way->older_us < way->base_us ? way->older_us : way->base_us;
}

/* Sent to the loader whenever a way begins to yield, or to yield for longer. */
struct scavenger_event {
	struct scavenger_key key;
	__u64 until_us;
};

#endif
