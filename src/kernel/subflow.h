/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subflows of an MPTCP connection, as the kernel sees them at one moment. */
#ifndef MPBRIDGE_SUBFLOW_H
#define MPBRIDGE_SUBFLOW_H

#include "base/address.h"

#include <stdbool.h>
#include <stdint.h>

#define SUBFLOWS_MAX 9 /* the initial one and MPTCP_PM_ADDR_MAX */

struct subflow {
	struct address local, remote;
	bool is_established;
	uint32_t unacked; /* segments in flight */
	uint32_t rtt_us, rttvar_us;
	uint32_t receive_rtt_us; /* as a receiver sees it; 0: it has not received enough */
	uint64_t delivery_rate;	 /* bytes per second, in which what it was given last got there */
	uint64_t bytes_acked;	 /* of what was sent */
	uint64_t bytes_received; /* in order */
	uint32_t quiet_ms;	 /* since the last acknowledgement or data came, of whatever kind */
	uint32_t acked_ms;	 /* since the last acknowledgement, of whatever kind */
	uint32_t sent_ms;	 /* since data was last sent */
	uint32_t backoff;	 /* how often the timer that repeats has doubled */
	uint32_t window; /* what the far end offered to take when it was last heard, bytes */
};

/*
 * Fills at most SUBFLOWS_MAX, closed ones included, and returns how many; -EOPNOTSUPP: the
 * connection is no MPTCP, or the kernel cannot say (before 5.16). Two questions make one answer;
 * -EAGAIN: subflows came or went between them.
 */
int subflow_read(int fd, struct subflow out[static SUBFLOWS_MAX]);

/*
 * How many subflows of an MPTCP connection are established (one that is still joining is not); -1
 * where the kernel cannot say (before 5.16), or the connection is plain TCP.
 */
int subflow_count_established(int fd);

/*
 * Whether an MPTCP connection with a full send buffer waits for nothing but a DATA_ACK: every
 * subflow has sent all it was given, and TCP has acknowledged all of that. False where the kernel
 * cannot say.
 */
bool subflow_awaits_data_ack(int fd);

/* What the subflows that are sending do, together. */
struct subflow_load {
	unsigned n;
	uint64_t rate;	       /* bytes per second, as they arrived lately */
	uint32_t rtt_us;       /* the longest, smoothed */
	uint32_t least_rtt_us; /* the shortest that any of them has ever had */
	uint32_t window;       /* what the far end offered to take when it was last heard, bytes */
	uint64_t segments;     /* that they have sent since they began, */
	uint64_t again;	       /* and how many of them more than once */
};

/* False where the kernel cannot say, or nothing is being sent. */
bool subflow_load(int fd, struct subflow_load *out);

#endif
