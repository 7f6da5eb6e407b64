/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Announcing: by which of its addresses a server's clients come, and which they have lost. Pure. */
#ifndef MPBRIDGE_ANNOUNCE_H
#define MPBRIDGE_ANNOUNCE_H

#include "paths/path.h"
#include "shadowsocks/greeting.h"

#include <stdbool.h>
#include <stdint.h>

struct announce_entry {
	struct address address; /* ours, without a port */
	bool is_lost;		/* a client has said that it does not reach us there */
	uint64_t lost_ms;	/* when it said so */
	uint64_t window_ms;	/* when the changes below began to be counted */
	unsigned changes;
	uint64_t announced_ms; /* when it was last announced once more; 0: never */
};

/* Starts as zeroes. */
struct announce {
	unsigned n;
	struct announce_entry entry[BOARD_PATHS_MAX];
};

/* What is to be done after something was heard. */
enum announce_step {
	ANNOUNCE_NOTHING,
	ANNOUNCE_FOLLOW,      /* derive anew */
	ANNOUNCE_FOLLOW_SOON, /* the same, together with what else changes (audience.c) */
	ANNOUNCE_AGAIN, /* take the endpoint of this address away if there is one, and add it */
};

/* A permitted client has come by this address of ours, with payload. */
enum announce_step announce_witness(struct announce *announce, const struct address *local,
				    uint64_t now_ms);

/* A permitted client has greeted by this address, and said so of `about` (for GREETING_LOST). */
enum announce_step announce_greeted(struct announce *announce, enum greeting_kind kind,
				    const struct address *local, const struct address *about,
				    uint64_t now_ms);

bool announce_is_lost(const struct announce *announce, const struct address *local);

/* When a client said so, of one that is lost. */
uint64_t announce_lost_ms(const struct announce *announce, const struct address *local);

#endif
