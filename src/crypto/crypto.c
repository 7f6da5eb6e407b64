/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is the same with each crypto library: keys, passwords, and trying whether all is there. */
#include "crypto/crypto.h"

#include "crypto/backend.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint64_t last_key_id;
static bool is_initialized;

size_t aead_key_bytes(enum aead_kind kind)
{
	return kind == AEAD_AES_128_GCM ? 16 : 32;
}

void aead_key_set(struct aead_key *key, const uint8_t *bytes, size_t n)
{
	assert(n <= sizeof(key->bytes));
	key->id = ++last_key_id;
	memset(key->bytes, 0, sizeof(key->bytes));
	memcpy(key->bytes, bytes, n);
}

void crypto_password_key(const char *password, uint8_t *out, size_t n)
{
	uint8_t digest[MD5_BYTES];

	for (size_t done = 0; done < n; done += sizeof(digest)) {
		size_t rest = n - done;

		/* it has been tried, and needs a few bytes of memory at most */
		if (!backend_md5(digest, done == 0 ? 0 : sizeof(digest), password, strlen(password),
				 digest))
			abort();
		memcpy(out + done, digest, rest < sizeof(digest) ? rest : sizeof(digest));
	}
	crypto_wipe(digest, sizeof(digest));
}

/* A message there and back, and one that was changed. */
static int try_cipher(enum aead_kind kind)
{
	static const uint8_t nonce[AEAD_NONCE_BYTES];
	uint8_t bytes[4 + AEAD_TAG_BYTES] = "text";
	struct aead *aead = aead_new(kind);
	struct aead_key key;
	int error = -ENOTSUP;

	if (aead == NULL)
		return -ENOMEM;
	aead_key_set(&key, bytes, 4);
	if (aead_seal(aead, &key, nonce, bytes, 4) == 0 &&
	    aead_open(aead, &key, nonce, bytes, 4) == 0 && memcmp(bytes, "text", 4) == 0) {
		bytes[0] ^= 1;
		if (aead_open(aead, &key, nonce, bytes, 4) == -EBADMSG)
			error = 0;
	}
	aead_free(aead);
	return error;
}

static int try_all(void)
{
	uint8_t out[MD5_BYTES];
	int error = 0;

	if (!backend_md5("", 0, "", 0, out) ||
	    crypto_hkdf_sha1(out, sizeof(out), out, 0, "", out, sizeof(out)) < 0)
		return -ENOTSUP;
	for (int kind = 0; error == 0 && kind <= AEAD_CHACHA20_POLY1305; kind++)
		error = try_cipher((enum aead_kind)kind);
	return error;
}

int crypto_init(void)
{
	int error;

	if (is_initialized)
		return 0;
	error = backend_init();
	if (error == 0)
		error = try_all();
	if (error < 0)
		backend_exit();
	is_initialized = error == 0;
	return error;
}

void crypto_exit(void)
{
	if (is_initialized)
		backend_exit();
	is_initialized = false;
}
