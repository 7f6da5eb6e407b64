/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening a stream: what came over the wire in, plain bytes out. Pure. */
#ifndef MPBRIDGE_OPENER_H
#define MPBRIDGE_OPENER_H

#include "shadowsocks/codec.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 *   state    what is read                          what moves it
 *   HEAD     salt and fixed header (2022),         authentic, and of the right time and kind ->
 * FIRST salt and the first length (2017) FIRST    variable header, first payload        authentic
 * -> LENGTH, or RAW LENGTH   a chunk's length                      authentic -> PAYLOAD PAYLOAD  a
 * chunk's payload                     authentic -> LENGTH RAW      nothing: what follows is plain
 *   BROKEN   nothing: a step has failed, and so does every other
 */
enum opener_state {
	OPENER_HEAD,
	OPENER_FIRST,
	OPENER_LENGTH,
	OPENER_PAYLOAD,
	OPENER_RAW,
	OPENER_BROKEN,
};

struct opener {
	const struct codec *codec;
	struct session session;
	uint8_t salt[CODEC_SALT_MAX]; /* 2022, client: of its request. Otherwise: of the stream */
	uint64_t time_s;	      /* 2022: unix time of the header */
	enum opener_state state;
	uint32_t length; /* FIRST, PAYLOAD: what comes, without its tag */
};

/* The most that opener_need() ever says. */
#define OPENER_NEED_MAX (0xffff + AEAD_TAG_BYTES)

/* The most that it says in the state HEAD. */
#define OPENER_HEAD_MAX (CODEC_SALT_MAX + 1 + 8 + CODEC_SALT_MAX + 2 + AEAD_TAG_BYTES)

/* What a step has brought; it lies in the bytes that the step was given. */
struct opened {
	uint8_t *bytes;
	size_t n; /* 0: nothing */
};

/* request_salt: of the request that a client has sent; a server has NULL. */
void opener_init(struct opener *opener, const struct codec *codec, const uint8_t *request_salt);

/* How many bytes the next step takes; 0 when RAW or BROKEN. */
size_t opener_need(const struct opener *opener);

/*
 * Opens `wire`, exactly opener_need() bytes, in place. 0, and *out says what is in it. Otherwise
 * the stream is worthless, and a server must not show its peer which of these it was: -EBADMSG: not
 * authentic; -EPROTO: authentic, but none of ours, or sent back to us; -ETIME: a clock is wrong, or
 * it is a recording. now_s: unix time.
 */
int opener_step(struct opener *opener, uint64_t now_s, uint8_t *wire, struct opened *out);

/* Whether a stream may end here: neither inside a chunk nor inside a header. */
bool opener_may_end(const struct opener *opener);

#endif
