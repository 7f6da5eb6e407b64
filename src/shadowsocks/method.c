/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The methods: what protects a connection between the two routers, and who may make one. */
#include "shadowsocks/method.h"

#include <string.h>

#define CONTEXT_2022	  "shadowsocks 2022 session subkey"
#define CONTEXT_AUTH_ONLY "mpbridge auth-only session subkey"

const struct method method_table[] = {
	{"none", METHOD_PLAIN, .is_raw_after_header = true},
	{"auth-only", METHOD_2022, true, AEAD_AES_256_GCM, CONTEXT_AUTH_ONLY},
	{"2022-blake3-aes-128-gcm", METHOD_2022, false, AEAD_AES_128_GCM, CONTEXT_2022},
	{"2022-blake3-aes-256-gcm", METHOD_2022, false, AEAD_AES_256_GCM, CONTEXT_2022},
	{"2022-blake3-chacha20-poly1305", METHOD_2022, false, AEAD_CHACHA20_POLY1305, CONTEXT_2022},
	{"aes-128-gcm", METHOD_2017, .aead = AEAD_AES_128_GCM},
	{"aes-256-gcm", METHOD_2017, .aead = AEAD_AES_256_GCM},
	{"chacha20-ietf-poly1305", METHOD_2017, .aead = AEAD_CHACHA20_POLY1305},
	{.name = NULL},
};

/* Authenticated ciphers that others have. They would be nothing more than one of the above. */
static const char *const foreign[] = {
	"aes-192-gcm",
	"xchacha20-ietf-poly1305",
	"2022-blake3-chacha8-poly1305",
	NULL,
};

/* Stream ciphers without authentication. None of them will ever be built in. */
static const char *const broken[] = {
	"table",
	"rc4",
	"rc4-md5",
	"rc4-md5-6",
	"aes-128-cfb",
	"aes-192-cfb",
	"aes-256-cfb",
	"aes-128-cfb1",
	"aes-192-cfb1",
	"aes-256-cfb1",
	"aes-128-cfb8",
	"aes-192-cfb8",
	"aes-256-cfb8",
	"aes-128-ctr",
	"aes-192-ctr",
	"aes-256-ctr",
	"aes-128-ofb",
	"aes-192-ofb",
	"aes-256-ofb",
	"bf-cfb",
	"camellia-128-cfb",
	"camellia-192-cfb",
	"camellia-256-cfb",
	"cast5-cfb",
	"des-cfb",
	"idea-cfb",
	"rc2-cfb",
	"seed-cfb",
	"salsa20",
	"chacha20",
	"chacha20-ietf",
	"xchacha20",
	NULL,
};

static bool is_among(const char *name, const char *const *list)
{
	while (*list && strcmp(*list, name) != 0)
		list++;
	return *list != NULL;
}

const struct method *method_find(const char *name)
{
	if (strcmp(name, "plain") == 0)
		name = "none";
	for (const struct method *method = method_table; method->name; method++)
		if (strcmp(method->name, name) == 0)
			return method;
	return NULL;
}

const char *method_refusal(const char *name)
{
	if (is_among(name, foreign))
		return "not supported: 2022-blake3-aes-256-gcm and chacha20-ietf-poly1305 are";
	if (is_among(name, broken))
		return "a stream cipher, broken and deprecated: others can change what it carries, "
		       "so it is not supported; use 2022-blake3-aes-256-gcm, or "
		       "chacha20-ietf-poly1305 where the other end does not know that";
	return "no such method";
}

size_t method_key_bytes(const struct method *method)
{
	return method->format == METHOD_PLAIN ? 0 : aead_key_bytes(method->aead);
}
