/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto.h by libcrypto of OpenSSL 3; the only file that includes it. */
#include "crypto/backend.h"
#include "crypto/crypto.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation
 *
 * `library` is what crypto_init() fetched: a library context of our own with the default provider,
 * which is built into libcrypto. Neither openssl.cnf nor a provider from a file is ever read, so
 * nothing is opened, then or later, and no policy of the machine (fips=yes, say) takes MD5 away or
 * puts a slow engine in. What libcrypto was built without is missing: crypto_init() fails then, and
 * it fails if a cipher cannot do what it is there for. After that it is only read, but for the two
 * contexts for keys and passwords, which are as it was between calls. A child has its own copy.
 * No operation here needs randomness, so the library's generator is never started.
 *
 * A cipher is two EVP contexts, one for each direction. A stream mostly has several chunks in a
 * row, so each direction remembers the id of the key it has: the key schedule is done only if the
 * key is another one, else just the nonce is set. A failure makes it forget. An operation is four
 * calls: nonce (and the key), bytes, end, tag; for opening the tag comes with the nonce.
 */

static struct {
	OSSL_LIB_CTX *context;
	OSSL_PROVIDER *provider;
	EVP_CIPHER *ciphers[AEAD_CHACHA20_POLY1305 + 1];
	EVP_MD *md5;
	EVP_MD_CTX *md5_context;
	EVP_KDF_CTX *hkdf;
} library;

struct direction {
	EVP_CIPHER_CTX *context;
	uint64_t key_id; /* of the key that the context has; 0: none */
};

struct aead {
	struct direction seal, open;
};

static const char *cipher_name(enum aead_kind kind)
{
	switch (kind) {
	case AEAD_AES_128_GCM:
		return "AES-128-GCM";
	case AEAD_AES_256_GCM:
		return "AES-256-GCM";
	case AEAD_CHACHA20_POLY1305:
		return "ChaCha20-Poly1305";
	}
	return NULL;
}

/* Chooses the cipher; the key comes later. */
static int direction_init(struct direction *direction, enum aead_kind kind, int encrypt)
{
	direction->context = EVP_CIPHER_CTX_new();
	if (direction->context != NULL &&
	    EVP_CipherInit_ex2(direction->context, library.ciphers[kind], NULL, NULL, encrypt,
			       NULL))
		return 0;
	return -ENOMEM;
}

struct aead *aead_new(enum aead_kind kind)
{
	struct aead *aead = calloc(1, sizeof(*aead));

	if (aead == NULL)
		return NULL;
	if (direction_init(&aead->seal, kind, 1) < 0 || direction_init(&aead->open, kind, 0) < 0) {
		aead_free(aead);
		return NULL;
	}
	return aead;
}

void aead_free(struct aead *aead)
{
	if (aead == NULL)
		return;
	EVP_CIPHER_CTX_free(aead->seal.context);
	EVP_CIPHER_CTX_free(aead->open.context);
	free(aead);
}

/* Sets what an operation begins with; the key is forgotten until it has gone well. */
static bool begin(struct direction *direction, const struct aead_key *key, const uint8_t *nonce,
		  const OSSL_PARAM *params)
{
	bool same = direction->key_id == key->id;

	direction->key_id = 0;
	return EVP_CipherInit_ex2(direction->context, NULL, same ? NULL : key->bytes, nonce, -1,
				  params);
}

int aead_seal(struct aead *aead, const struct aead_key *key,
	      const uint8_t nonce[static AEAD_NONCE_BYTES], uint8_t *bytes, size_t n)
{
	EVP_CIPHER_CTX *context = aead->seal.context;
	OSSL_PARAM tag[] = {
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, bytes + n, AEAD_TAG_BYTES),
		OSSL_PARAM_END,
	};
	int out;

	assert(n <= INT_MAX);
	if (!begin(&aead->seal, key, nonce, NULL) ||
	    !EVP_EncryptUpdate(context, bytes, &out, bytes, (int)n) ||
	    !EVP_EncryptFinal_ex(context, bytes + n, &out) ||
	    !EVP_CIPHER_CTX_get_params(context, tag))
		return -ENOMEM;
	aead->seal.key_id = key->id;
	return 0;
}

int aead_open(struct aead *aead, const struct aead_key *key,
	      const uint8_t nonce[static AEAD_NONCE_BYTES], uint8_t *bytes, size_t n)
{
	EVP_CIPHER_CTX *context = aead->open.context;
	const OSSL_PARAM tag[] = {
		OSSL_PARAM_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, bytes + n, AEAD_TAG_BYTES),
		OSSL_PARAM_END,
	};
	int out;

	assert(n <= INT_MAX);
	if (!begin(&aead->open, key, nonce, tag) ||
	    !EVP_DecryptUpdate(context, bytes, &out, bytes, (int)n) ||
	    !EVP_DecryptFinal_ex(context, bytes + n, &out)) {
		crypto_wipe(bytes, n);
		return -EBADMSG;
	}
	aead->open.key_id = key->id;
	return 0;
}

/* What is only read; OSSL_PARAM has pointers to what may be written. */
static OSSL_PARAM octets(const char *name, const void *bytes, size_t n)
{
	union {
		const void *given;
		void *taken;
	} pointer = {bytes};

	return OSSL_PARAM_construct_octet_string(name, pointer.taken, n);
}

int crypto_hkdf_sha1(const uint8_t *key, size_t key_n, const uint8_t *salt, size_t salt_n,
		     const char *info, uint8_t *out, size_t out_n)
{
	char digest[] = "SHA1";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		octets(OSSL_KDF_PARAM_KEY, key, key_n),
		octets(OSSL_KDF_PARAM_INFO, info, strlen(info)),
		octets(OSSL_KDF_PARAM_SALT, salt, salt_n),
		OSSL_PARAM_END,
	};
	int ok = EVP_KDF_derive(library.hkdf, out, out_n, params);

	EVP_KDF_CTX_reset(library.hkdf);
	return ok > 0 ? 0 : -ENOMEM;
}

bool backend_md5(const void *first, size_t first_n, const void *second, size_t second_n,
		 uint8_t digest[static MD5_BYTES])
{
	bool is_good = EVP_DigestInit_ex2(library.md5_context, library.md5, NULL) &&
		       EVP_DigestUpdate(library.md5_context, first, first_n) &&
		       EVP_DigestUpdate(library.md5_context, second, second_n) &&
		       EVP_DigestFinal_ex(library.md5_context, digest, NULL);

	/* it forgets the last one */
	return EVP_DigestInit_ex2(library.md5_context, library.md5, NULL) && is_good;
}

static int fetch_kdf(void)
{
	EVP_KDF *kdf = EVP_KDF_fetch(library.context, "HKDF", NULL);

	if (kdf == NULL)
		return -ENOTSUP;
	library.hkdf = EVP_KDF_CTX_new(kdf);
	EVP_KDF_free(kdf); /* the context holds it */
	return library.hkdf == NULL ? -ENOMEM : 0;
}

static int fetch(void)
{
	library.context = OSSL_LIB_CTX_new();
	library.md5_context = EVP_MD_CTX_new();
	if (library.context == NULL || library.md5_context == NULL)
		return -ENOMEM;
	library.provider = OSSL_PROVIDER_load(library.context, "default");
	library.md5 = EVP_MD_fetch(library.context, "MD5", NULL);
	if (library.provider == NULL || library.md5 == NULL)
		return -ENOTSUP;
	for (int kind = 0; kind <= AEAD_CHACHA20_POLY1305; kind++) {
		library.ciphers[kind] =
			EVP_CIPHER_fetch(library.context, cipher_name((enum aead_kind)kind), NULL);
		if (library.ciphers[kind] == NULL)
			return -ENOTSUP;
	}
	return fetch_kdf();
}

int backend_init(void)
{
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) ? fetch() : -ENOMEM;
}

void backend_exit(void)
{
	for (int kind = 0; kind <= AEAD_CHACHA20_POLY1305; kind++)
		EVP_CIPHER_free(library.ciphers[kind]);
	EVP_KDF_CTX_free(library.hkdf);
	EVP_MD_CTX_free(library.md5_context);
	EVP_MD_free(library.md5);
	if (library.provider != NULL)
		OSSL_PROVIDER_unload(library.provider);
	OSSL_LIB_CTX_free(library.context);
	memset(&library, 0, sizeof(library));
}
