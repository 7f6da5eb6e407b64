/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the wire formats need of a crypto library: AEAD, key derivation, randomness. */
#ifndef MPBRIDGE_CRYPTO_H
#define MPBRIDGE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Fetches and tries everything that is needed of the library, once in a process, before it makes
 * children and before it is locked in: afterwards no file is opened, and children may go on with
 * what they inherit. Calls beside the first do nothing. 0; -ENOTSUP when the library lacks
 * something, or gives wrong results; -ENOMEM.
 */
int crypto_init(void);

/* Gives it all back; every `struct aead` must have been freed. Without crypto_init(): nothing. */
void crypto_exit(void);

/* Authenticated encryption with associated data, here without any such data (RFC 5116). */

enum aead_kind {
	AEAD_AES_128_GCM,	/* NIST SP 800-38D */
	AEAD_AES_256_GCM,	/* NIST SP 800-38D */
	AEAD_CHACHA20_POLY1305, /* RFC 8439 */
};

#define AEAD_KEY_MAX	 32 /* bytes */
#define AEAD_NONCE_BYTES 12
#define AEAD_TAG_BYTES	 16

/* 16 or 32. */
size_t aead_key_bytes(enum aead_kind kind);

/*
 * A key, and a number that no other key of this process has: by it `struct aead` sees whether it
 * has this key already. Made by aead_key_set() alone; a copy is the same key.
 */
struct aead_key {
	uint64_t id; /* never 0 */
	uint8_t bytes[AEAD_KEY_MAX];
};

/* Sets a key of `n` (<= AEAD_KEY_MAX) bytes. For one thread; wipe the key with crypto_wipe(). */
void aead_key_set(struct aead_key *key, const uint8_t *bytes, size_t n);

/*
 * A cipher that works for any number of streams, each with a key of its own: what a key costs is
 * paid when it is not the one used last in the same direction. NULL when there is no memory.
 */
struct aead *aead_new(enum aead_kind kind);

/* Wipes the keys it knew. NULL is allowed. */
void aead_free(struct aead *aead);

/*
 * Encrypts `n` (<= INT_MAX) bytes in place and writes the tag behind them, so there must be room
 * for n + AEAD_TAG_BYTES. A nonce must be used only once with a key. 0 or -ENOMEM; then the bytes
 * are of no use and must not be sent.
 */
int aead_seal(struct aead *aead, const struct aead_key *key,
	      const uint8_t nonce[static AEAD_NONCE_BYTES], uint8_t *bytes, size_t n);

/*
 * Decrypts `n` (<= INT_MAX) bytes in place; their tag stands behind them. 0; -EBADMSG when the tag
 * is not theirs: then all n bytes have been wiped.
 */
int aead_open(struct aead *aead, const struct aead_key *key,
	      const uint8_t nonce[static AEAD_NONCE_BYTES], uint8_t *bytes, size_t n);

/* Keys. Both need crypto_init() before them. */

/*
 * HKDF with SHA-1 (RFC 5869): `out_n` (1 to 255 * 20) bytes from a key (key_n >= 1), a salt (not
 * NULL; salt_n may be 0) and a text of at most 1024 bytes. 0 or -ENOMEM; then *out is of no use.
 */
int crypto_hkdf_sha1(const uint8_t *key, size_t key_n, const uint8_t *salt, size_t salt_n,
		     const char *info, uint8_t *out, size_t out_n);

/*
 * The key that Shadowsocks makes of a password (SIP004): EVP_BytesToKey of OpenSSL with MD5, no
 * salt, one round. D1 = MD5(password), Di = MD5(D(i-1) || password); the first `n` bytes of all.
 */
void crypto_password_key(const char *password, uint8_t *out, size_t n);

/* Without the library (bytes.c); these work before crypto_init(), too. */

/* `n` random bytes of the kernel (getrandom(2)); waits for them early in boot. 0 or -errno. */
int crypto_random(void *out, size_t n);

/* Whether n bytes are the same, in a time that does not tell where they differ. */
bool crypto_equal(const void *a, const void *b, size_t n);

/* Overwrites a secret; never optimized away. */
void crypto_wipe(void *bytes, size_t n);

#endif
