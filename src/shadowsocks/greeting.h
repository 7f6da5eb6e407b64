/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greetings: what a client says to its server about the paths between them. Pure. */
#ifndef MPBRIDGE_GREETING_H
#define MPBRIDGE_GREETING_H

#include "base/address.h"
#include "shadowsocks/target.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A greeting is an address header (target.h) whose name can belong to nobody (RFC 2606,
 * ".invalid"), so a server of another make fails to find it and ends the connection:
 *
 *   greeting.mpbridge.invalid         port 1
 *   spare.mpbridge.invalid            port 1
 *   probe.mpbridge.invalid            port 1
 *   back.mpbridge.invalid             port 1
 *   lost-0a0a0202.mpbridge.invalid    port 1, for 10.10.2.2; 32 digits for an IPv6 address
 *
 * The server answers, and ends the connection in order. The numbers are big endian:
 *
 *  +-------------------+------------------------+----------+-----------------+
 *  | instance, 8 bytes | age in milliseconds, 8 | flags, 4 | milliseconds, 4 |
 *  +-------------------+------------------------+----------+-----------------+
 *
 * The last two are about the path over which it was asked. Flag 1: its role is `secondary` here;
 * flag 2: what is sent over it is sent by a scavenger (kernel/scavenger.h), which leaves the path
 * to others for so many milliseconds from now on. Servers of before end after the second number.
 *
 * With the methods of 2017 the salt of the greeting stands before it, because their streams do not
 * say which request they answer: a recorded answer would do for any greeting.
 */
enum greeting_kind {
	GREETING_USE,	/* I use the path over which this comes */
	GREETING_SPARE, /* the same; it is `secondary`: only what others leave of it may be used */
	GREETING_PROBE, /* are you there? */
	GREETING_BACK, /* this path works again: announce its address to my connections once more */
	GREETING_LOST, /* nothing reaches you at this other address: withdraw it */
};

#define GREETING_ANSWER_BYTES 24
#define GREETING_ANSWER_LEAST 16 /* of servers of before */

struct greeting_answer {
	uint64_t instance;  /* a number that the server chose at its start, never 0 */
	uint64_t age_ms;    /* since that start */
	bool is_spare;	    /* by the server's own configuration */
	bool has_scavenger; /* for what the server sends there to this client */
	uint32_t yields_ms; /* it leaves the path to others for so long; 0: it does not */
};

/* Writes the header; `about` matters to GREETING_LOST alone. Returns its length. */
size_t greeting_write(enum greeting_kind kind, const struct address *about,
		      uint8_t out[static TARGET_HEADER_BYTES]);

/*
 * Whether the target is a greeting. Then *kind says which, and *about the address that was lost
 * (family 0 for the other kinds). A name under mpbridge.invalid that is none of them is no
 * greeting.
 */
bool greeting_parse(const struct target *target, enum greeting_kind *kind, struct address *about);

/* Whether a name lies under mpbridge.invalid, known greeting or not: it is never looked up. */
bool greeting_has_domain(const char *name);

void greeting_write_answer(const struct greeting_answer *answer,
			   uint8_t out[static GREETING_ANSWER_BYTES]);

/* Of n bytes, at least GREETING_ANSWER_LEAST. */
struct greeting_answer greeting_read_answer(const uint8_t *bytes, size_t n);

#endif
