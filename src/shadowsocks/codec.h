/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A codec: what all streams of one end have in common, and a stream's session in one direction. */
#ifndef MPBRIDGE_CODEC_H
#define MPBRIDGE_CODEC_H

#include "crypto/crypto.h"
#include "shadowsocks/method.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODEC_SALT_MAX 32

/* Of one process. */
struct codec {
	const struct method *method;
	const uint8_t *master; /* the key, of method_key_bytes(); borrowed */
	struct aead *aead;     /* NULL: METHOD_PLAIN, so there is nothing to seal or open */
	bool is_server;
};

/* Of a method and its key, which outlives the codec. 0 or -ENOMEM. */
int codec_init(struct codec *codec, const struct method *method, const uint8_t *master,
	       bool is_server);

/* Harmless on zeroes. */
void codec_exit(struct codec *codec);

/* One direction of one stream: a key that nobody else has, and how often it was used. */
struct session {
	struct aead_key key;
	uint64_t counter; /* the next nonce, little endian on the wire */
};

/* Derives the key from the codec's and from a salt of method_key_bytes(). 0 or -ENOMEM. */
int session_start(struct session *session, const struct codec *codec, const uint8_t *salt);

/* As aead_seal() and aead_open(), with the next nonce. */
int session_seal(struct session *session, const struct codec *codec, uint8_t *bytes, size_t n);
int session_open(struct session *session, const struct codec *codec, uint8_t *bytes, size_t n);

#endif
