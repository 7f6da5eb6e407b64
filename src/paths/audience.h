/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audience: server: what clients say of the paths, and what the log says of that. */
#ifndef MPBRIDGE_AUDIENCE_H
#define MPBRIDGE_AUDIENCE_H

#include "base/log.h"
#include "paths/announce.h"
#include "paths/spare.h"

/* Lines that clients can cause; each kind has its own limit. */
enum audience_line { AUDIENCE_LOST, AUDIENCE_SPARE, AUDIENCE_NO_SPARE, AUDIENCE_LINES };

/* Starts as zeroes. */
struct audience {
	struct announce announce;
	struct spares spares;
	struct log_limit limit[AUDIENCE_LINES];
};

/* Another program's audience, of which addresses and which of them are lost matter; the rest begins
 * anew. now_ms here and below: CLOCK_MONOTONIC. */
void audience_continue(struct audience *audience, const struct audience *from, uint64_t now_ms);

/* A permitted client has come by this address of ours (without a port), with payload. */
enum announce_step audience_witness(struct audience *audience, const struct address *local,
				    uint64_t now_ms);

/*
 * A permitted client has greeted by this address of ours (without a port). `about` is its own
 * address, or with GREETING_LOST another one of ours, of which it has spoken.
 */
enum announce_step audience_greeted(struct audience *audience, enum greeting_kind kind,
				    const struct address *local, const struct address *about,
				    uint64_t now_ms);

#endif
