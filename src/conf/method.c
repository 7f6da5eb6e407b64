/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of methods. */
#include "conf/method.h"

#include <string.h>

/* Authenticated ciphers, and what stands on them: known by name, not built in yet. */
static const char *const later[] = {
	"aes-128-gcm",
	"aes-192-gcm",
	"aes-256-gcm",
	"chacha20-ietf-poly1305",
	"xchacha20-ietf-poly1305",
	"2022-blake3-aes-128-gcm",
	"2022-blake3-aes-256-gcm",
	"2022-blake3-chacha20-poly1305",
	"auth-only",
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

const char *method_read(const char *name, enum conf_method *out)
{
	if (strcmp(name, "none") == 0 || strcmp(name, "plain") == 0) {
		*out = CONF_METHOD_NONE;
		return NULL;
	}
	if (is_among(name, later))
		return "not available in this version";
	if (is_among(name, broken))
		return "a stream cipher, broken and deprecated: others can read and change what it "
		       "carries, so it will not be supported; on links of your own, none is as "
		       "good";
	return "no such method";
}
