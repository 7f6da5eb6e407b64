/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealing a stream: plain bytes in, what goes over the wire out. Pure, but for salts and padding.
 */
#ifndef MPBRIDGE_SEALER_H
#define MPBRIDGE_SEALER_H

#include "shadowsocks/codec.h"
#include "shadowsocks/layout.h"
#include "shadowsocks/target.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 *   BEGIN   nothing has been written. A client's sealer_request() -> CHUNKS or RAW;
 *           a server's first sealer_seal() writes the response's header -> CHUNKS or RAW
 *   CHUNKS  sealer_seal() writes a chunk
 *   RAW     auth-only, after the header: nothing is sealed any more
 */
enum sealer_state { SEALER_BEGIN, SEALER_CHUNKS, SEALER_RAW };

struct sealer {
	const struct codec *codec;
	struct session session;
	uint8_t request_salt[CODEC_SALT_MAX]; /* client: its own; server: to be given back */
	enum sealer_state state;
};

/* request_salt: a server's is given with the request that it answers; a client has NULL. */
void sealer_init(struct sealer *sealer, const struct codec *codec, const uint8_t *request_salt);

/* The most that a piece of payload may have: sealer_seal() takes no more at once. */
size_t sealer_payload_max(const struct sealer *sealer);

/* How far in front of a piece of payload its sealing begins: the room to leave there. */
size_t sealer_front(const struct sealer *sealer);

/* The most that sealer_front() and sealer_request_front() ever say. */
#define SEALER_FRONT_MAX 512

/* What sealer_front() says once a stream has begun. */
#define SEALER_CHUNK_FRONT LAYOUT_CHUNK_FRONT

/* Room to leave behind the payload. Without any, a request takes up to SEALER_BACK_MAX. */
#define SEALER_BACK	AEAD_TAG_BYTES
#define SEALER_BACK_MAX (AEAD_TAG_BYTES + LAYOUT_LENGTH_BYTES + LAYOUT_PADDING_MAX)

/* The same for a client's request to a target of `header_n` bytes. */
size_t sealer_request_front(const struct sealer *sealer, size_t header_n);

/*
 * Client, BEGIN: the request. `header` is the target's (target.h); n bytes of payload (0: padding
 * takes their place; auth-only: always 0; sealer_payload_max() less TARGET_HEADER_BYTES + 2 at
 * most) are at `at` + sealer_request_front(). Returns the length of it all from `at` on, to be sent
 * in one piece; -errno: the stream cannot be used.
 */
ssize_t sealer_request(struct sealer *sealer, uint64_t now_s, const uint8_t *header,
		       size_t header_n, uint8_t *at, size_t n);

/*
 * The next piece: n bytes of payload (n > 0, but for a server's auth-only response, where it is 0)
 * are at `at` + sealer_front(). Returns the length of it all from `at` on, or -errno.
 */
ssize_t sealer_seal(struct sealer *sealer, uint64_t now_s, uint8_t *at, size_t n);

#endif
