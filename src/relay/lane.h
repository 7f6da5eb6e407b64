/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One direction of a flow: bytes from one socket to the other, in order, each once. */
#ifndef MPBRIDGE_LANE_H
#define MPBRIDGE_LANE_H

#include "base/buffer.h"
#include "base/loop.h"
#include "relay/pipe.h"
#include "shadowsocks/opener.h"
#include "shadowsocks/salts.h"
#include "shadowsocks/sealer.h"

#include <stdbool.h>
#include <stdint.h>

/* A socket of a flow, with what epoll's edges have told about it. */
struct side {
	struct watch watch;
	bool is_readable; /* no EAGAIN from reading since the last edge */
	bool is_writable; /* no EAGAIN from writing since the last edge */
	bool is_hung_up;  /* the peer sends no more, or is gone */
};

/*
 * What passes a cipher at once: sealed, it fits into one packet of segmentation offload, which ends
 * below 64 KiB. A little more costs a packet of its own; twice as much was no cheaper.
 */
#define LANE_CIPHER_BYTES (50 << 10)

enum lane_mode {
	LANE_SPLICE, /* through a pipe, without copying */
	LANE_COPY,   /* through a buffer: asked for, or splice cannot, or an urgent byte came */
	LANE_SEAL,   /* through a buffer, encrypting */
	LANE_OPEN,   /* through a buffer, decrypting; after auth-only's header it goes on as raw */
};

struct lane {
	struct pipe *pipe;     /* borrowed while it holds bytes; NULL otherwise */
	struct buffer *buffer; /* the same, when copying */
	union {
		struct sealer *sealer; /* SEAL; borrowed */
		struct opener *opener; /* OPEN; borrowed */
	};
	uint64_t most;	  /* bytes to deliver before it is held; UINT64_MAX: it is not */
	uint64_t bytes;	  /* delivered to the destination's socket */
	uint32_t in_pipe; /* bytes in the pipe */
	uint32_t want;	  /* bytes to ask splice() for: follows what came lately */
	enum lane_mode mode : 8;
	enum lane_mode raw_mode : 8; /* SPLICE or COPY: how plain bytes go on */
	bool withholds_end; /* the source has failed: an end that is read from it is none */
	bool has_ended;	    /* the source has said that nothing more comes */
	bool end_passed;    /* and the destination has been told */
};

struct lane_pools {
	struct pipe_pool *pipes;
	struct buffer_pool *buffers;
	const struct salts *salts; /* for SEAL and OPEN */
};

enum lane_result {
	LANE_BLOCKED,		/* nothing to do until an edge of either side */
	LANE_UNFINISHED,	/* stopped for fairness: call again in the next turn */
	LANE_HELD,		/* it has delivered lane->most bytes */
	LANE_DONE,		/* the end was passed on */
	LANE_SOURCE_RESET,	/* the source failed; what came before it has been delivered */
	LANE_DESTINATION_RESET, /* the destination takes no more; what it did not take is lost */
};

/* A lane for plain bytes; `mode` is SPLICE or COPY. */
void lane_init(struct lane *lane, enum lane_mode mode);

/* What it reads is sealed, or opened, from now on. */
void lane_seal(struct lane *lane, struct sealer *sealer);
void lane_open(struct lane *lane, struct opener *opener);

/* An urgent byte came: plain bytes are copied from now on. */
void lane_stop_splicing(struct lane *lane);

/*
 * Moves what can be moved now. A failure is told once everything that came before it is delivered.
 * The pipe or buffer goes back to its pool when it is empty.
 */
enum lane_result lane_forward(struct lane *lane, struct side *from, struct side *to,
			      const struct lane_pools *pools);

/* Drops what the lane holds. */
void lane_discard(struct lane *lane, const struct lane_pools *pools);

/* Bytes read from the source and not yet taken by the destination. */
uint32_t lane_pending(const struct lane *lane);

#endif
