/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A codec: what all streams of one end have in common, and a stream's session in one direction. */
#include "shadowsocks/codec.h"

#include "crypto/blake3.h"

#include <errno.h>
#include <string.h>

int codec_init(struct codec *codec, const struct method *method, const uint8_t *master,
	       bool is_server)
{
	*codec = (struct codec){.method = method, .master = master, .is_server = is_server};
	if (method->format == METHOD_PLAIN)
		return 0;
	codec->aead = aead_new(method->aead);
	return codec->aead ? 0 : -ENOMEM;
}

void codec_exit(struct codec *codec)
{
	aead_free(codec->aead);
	codec->aead = NULL;
}

/* SIP004: HKDF with SHA-1. */
static int derive_2017(const struct codec *codec, const uint8_t *salt, uint8_t *out, size_t n)
{
	return crypto_hkdf_sha1(codec->master, n, salt, n, "ss-subkey", out, n);
}

/* SIP022, section 2.2. */
static void derive_2022(const struct codec *codec, const uint8_t *salt, uint8_t *out, size_t n)
{
	struct blake3 hash;

	blake3_init_derive_key(&hash, codec->method->context);
	blake3_update(&hash, codec->master, n);
	blake3_update(&hash, salt, n);
	blake3_final(&hash, out, n);
	crypto_wipe(&hash, sizeof(hash));
}

int session_start(struct session *session, const struct codec *codec, const uint8_t *salt)
{
	size_t n = method_key_bytes(codec->method);
	uint8_t subkey[AEAD_KEY_MAX];
	int error = 0;

	if (codec->method->format == METHOD_2022)
		derive_2022(codec, salt, subkey, n);
	else
		error = derive_2017(codec, salt, subkey, n);
	if (error == 0)
		aead_key_set(&session->key, subkey, n);
	session->counter = 0;
	crypto_wipe(subkey, sizeof(subkey));
	return error;
}

/* 64 of its 96 bits are never used up: a stream would have to carry 2^64 chunks. */
static void next_nonce(struct session *session, uint8_t nonce[static AEAD_NONCE_BYTES])
{
	memset(nonce, 0, AEAD_NONCE_BYTES);
	for (size_t i = 0; i < sizeof(session->counter); i++)
		nonce[i] = (uint8_t)(session->counter >> (8 * i));
	session->counter++;
}

int session_seal(struct session *session, const struct codec *codec, uint8_t *bytes, size_t n)
{
	uint8_t nonce[AEAD_NONCE_BYTES];

	next_nonce(session, nonce);
	return aead_seal(codec->aead, &session->key, nonce, bytes, n);
}

int session_open(struct session *session, const struct codec *codec, uint8_t *bytes, size_t n)
{
	uint8_t nonce[AEAD_NONCE_BYTES];

	next_nonce(session, nonce);
	return aead_open(codec->aead, &session->key, nonce, bytes, n);
}
