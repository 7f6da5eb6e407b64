/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto.h by libmbedcrypto of Mbed TLS, 2.28 to 3.6; the only file that includes it. */
#include "crypto/backend.h"
#include "crypto/crypto.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation. The library has no state of its own that we use: nothing is fetched, opened
 * or left behind. What it was built without is missing, and crypto_init() finds that out (OpenWrt's
 * has HKDF because TLS 1.3 needs it).
 *
 * A cipher is two contexts, one for each direction; each remembers the id of the key that it has,
 * as in openssl.c: setting another one is a key schedule and, for GCM, a table and an allocation.
 *
 * A stream cipher's bytes are decrypted before their tag is known to be theirs; the library wipes
 * them then, and so do we.
 */

struct direction {
	union {
		mbedtls_gcm_context gcm;
		mbedtls_chachapoly_context chacha;
	} context;
	uint64_t key_id; /* of the key that the context has; 0: none */
};

struct aead {
	enum aead_kind kind;
	struct direction seal, open;
};

static void direction_init(struct direction *direction, enum aead_kind kind)
{
	if (kind == AEAD_CHACHA20_POLY1305)
		mbedtls_chachapoly_init(&direction->context.chacha);
	else
		mbedtls_gcm_init(&direction->context.gcm);
}

static void direction_exit(struct direction *direction, enum aead_kind kind)
{
	if (kind == AEAD_CHACHA20_POLY1305)
		mbedtls_chachapoly_free(&direction->context.chacha);
	else
		mbedtls_gcm_free(&direction->context.gcm);
}

struct aead *aead_new(enum aead_kind kind)
{
	struct aead *aead = calloc(1, sizeof(*aead));

	if (aead == NULL)
		return NULL;
	aead->kind = kind;
	direction_init(&aead->seal, kind);
	direction_init(&aead->open, kind);
	return aead;
}

void aead_free(struct aead *aead)
{
	if (aead == NULL)
		return;
	direction_exit(&aead->seal, aead->kind);
	direction_exit(&aead->open, aead->kind);
	free(aead);
}

/* Unless it is the one that the direction has. It is forgotten until an operation has gone well. */
static bool set_key(struct direction *direction, enum aead_kind kind, const struct aead_key *key)
{
	bool is_same = direction->key_id == key->id;

	direction->key_id = 0;
	if (is_same)
		return true;
	if (kind == AEAD_CHACHA20_POLY1305)
		return mbedtls_chachapoly_setkey(&direction->context.chacha, key->bytes) == 0;
	return mbedtls_gcm_setkey(&direction->context.gcm, MBEDTLS_CIPHER_ID_AES, key->bytes,
				  (unsigned)aead_key_bytes(kind) * CHAR_BIT) == 0;
}

int aead_seal(struct aead *aead, const struct aead_key *key,
	      const uint8_t nonce[static AEAD_NONCE_BYTES], uint8_t *bytes, size_t n)
{
	int error;

	assert(n <= INT_MAX);
	if (!set_key(&aead->seal, aead->kind, key))
		return -ENOMEM;
	if (aead->kind == AEAD_CHACHA20_POLY1305)
		error = mbedtls_chachapoly_encrypt_and_tag(&aead->seal.context.chacha, n, nonce,
							   NULL, 0, bytes, bytes, bytes + n);
	else
		error = mbedtls_gcm_crypt_and_tag(&aead->seal.context.gcm, MBEDTLS_GCM_ENCRYPT, n,
						  nonce, AEAD_NONCE_BYTES, NULL, 0, bytes, bytes,
						  AEAD_TAG_BYTES, bytes + n);
	if (error != 0)
		return -ENOMEM;
	aead->seal.key_id = key->id;
	return 0;
}

int aead_open(struct aead *aead, const struct aead_key *key,
	      const uint8_t nonce[static AEAD_NONCE_BYTES], uint8_t *bytes, size_t n)
{
	int error = -1;

	assert(n <= INT_MAX);
	if (set_key(&aead->open, aead->kind, key)) {
		if (aead->kind == AEAD_CHACHA20_POLY1305)
			error = mbedtls_chachapoly_auth_decrypt(&aead->open.context.chacha, n,
								nonce, NULL, 0, bytes + n, bytes,
								bytes);
		else
			error = mbedtls_gcm_auth_decrypt(&aead->open.context.gcm, n, nonce,
							 AEAD_NONCE_BYTES, NULL, 0, bytes + n,
							 AEAD_TAG_BYTES, bytes, bytes);
	}
	if (error != 0) {
		crypto_wipe(bytes, n);
		return -EBADMSG;
	}
	aead->open.key_id = key->id;
	return 0;
}

int crypto_hkdf_sha1(const uint8_t *key, size_t key_n, const uint8_t *salt, size_t salt_n,
		     const char *info, uint8_t *out, size_t out_n)
{
	const mbedtls_md_info_t *sha1 = mbedtls_md_info_from_type(MBEDTLS_MD_SHA1);

	return mbedtls_hkdf(sha1, salt, salt_n, key, key_n, (const uint8_t *)info, strlen(info),
			    out, out_n) == 0
		       ? 0
		       : -ENOMEM;
}

bool backend_md5(const void *first, size_t first_n, const void *second, size_t second_n,
		 uint8_t digest[static MD5_BYTES])
{
	mbedtls_md_context_t context;
	bool is_good;

	mbedtls_md_init(&context);
	is_good = mbedtls_md_setup(&context, mbedtls_md_info_from_type(MBEDTLS_MD_MD5), 0) == 0 &&
		  mbedtls_md_starts(&context) == 0 &&
		  mbedtls_md_update(&context, first, first_n) == 0 &&
		  mbedtls_md_update(&context, second, second_n) == 0 &&
		  mbedtls_md_finish(&context, digest) == 0;
	mbedtls_md_free(&context);
	return is_good;
}

int backend_init(void)
{
	return 0;
}

void backend_exit(void)
{
}
