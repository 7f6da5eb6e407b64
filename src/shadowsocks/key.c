/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys as people write them: a password, or base64. */
#include "shadowsocks/key.h"

#include "crypto/crypto.h"

#include <assert.h>
#include <string.h>

#define DIGITS(bytes) (((bytes)*8 + 5) / 6)   /* that carry something */
#define LENGTH(bytes) (((bytes) + 2) / 3 * 4) /* with the padding */

/*
 * The digits of base64 stand for the key, so no branch and no address depends on their values: what
 * would be a table is five ranges, each with a mask. Only the length of a text decides what is
 * done.
 */

/* All bits if low <= c <= high, else none. */
static int mask_of(int c, int low, int high)
{
	return -(int)((unsigned)((low - 1 - c) & (c - high - 1)) >> 31);
}

/* The value of a digit, or -1. */
static int value_of(int c)
{
	int value = -1;

	value += mask_of(c, 'A', 'Z') & (c - 'A' + 1);
	value += mask_of(c, 'a', 'z') & (c - 'a' + 27);
	value += mask_of(c, '0', '9') & (c - '0' + 53);
	value += mask_of(c, '+', '+') & 63;
	value += mask_of(c, '/', '/') & 64;
	return value;
}

static char digit_of(int value)
{
	int c = value + 'A';

	c += mask_of(value, 26, 51) & ('a' - 26 - 'A');
	c += mask_of(value, 52, 61) & ('0' - 52 - 'A');
	c += mask_of(value, 62, 62) & ('+' - 62 - 'A');
	c += mask_of(value, 63, 63) & ('/' - 63 - 'A');
	return (char)c;
}

/* Reads `length` letters as n bytes; what was written is of no use if they are not that. */
static bool decode(const char *text, size_t length, uint8_t *out, size_t n)
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	int bad = 0; /* negative */

	if (length != LENGTH(n))
		return false;
	for (size_t i = 0; i < DIGITS(n); i++) {
		int value = value_of((unsigned char)text[i]);

		bad |= value;
		bits = bits << 6 | (uint32_t)(value & 63);
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			*out++ = (uint8_t)(bits >> n_bits);
		}
	}
	bad |= -(int)(bits & ((1U << n_bits) - 1));
	for (size_t i = DIGITS(n); i < LENGTH(n); i++)
		bad |= ~mask_of(text[i], '=', '=');
	return bad >= 0;
}

static bool is_key_of(const char *text, size_t length, size_t n)
{
	uint8_t bytes[AEAD_KEY_MAX];
	bool is_key = decode(text, length, bytes, n);

	crypto_wipe(bytes, sizeof(bytes));
	return is_key;
}

/* What stands where a key of n bytes is wanted. */
static const char *describe(const char *text, size_t n)
{
	size_t length = strlen(text), first = strcspn(text, ":");

	if (length == 0)
		return "nothing";
	if (first < length && is_key_of(text, first, n))
		return "several keys with a colon between, for users of one server, which is not "
		       "supported";
	if (is_key_of(text, length, 16))
		return "a key of 16 bytes";
	if (is_key_of(text, length, 32))
		return "a key of 32 bytes";
	return length == LENGTH(n) ? "a key that is mistyped, or a password" : "a password";
}

const char *key_read_base64(const struct method *method, const char *text,
			    uint8_t out[static AEAD_KEY_MAX])
{
	size_t n = method_key_bytes(method);
	uint8_t bytes[AEAD_KEY_MAX];
	bool is_key = decode(text, strlen(text), bytes, n);

	assert(n > 0);
	if (is_key)
		memcpy(out, bytes, n);
	crypto_wipe(bytes, sizeof(bytes));
	return is_key ? NULL : describe(text, n);
}

const char *key_read(const struct method *method, const char *text,
		     uint8_t out[static AEAD_KEY_MAX])
{
	if (method->format != METHOD_2017)
		return key_read_base64(method, text, out);
	if (text[0] == '\0')
		return "nothing";
	crypto_password_key(text, out, method_key_bytes(method));
	return NULL;
}

const char *key_format(const uint8_t *bytes, size_t n, char buf[static KEY_TEXT_BYTES])
{
	uint32_t bits = 0;
	unsigned n_bits = 0;
	char *c = buf;

	assert(LENGTH(n) < KEY_TEXT_BYTES);
	for (size_t i = 0; i < n; i++) {
		bits = bits << 8 | bytes[i];
		for (n_bits += 8; n_bits >= 6; n_bits -= 6)
			*c++ = digit_of((int)(bits >> (n_bits - 6) & 63));
	}
	if (n_bits > 0)
		*c++ = digit_of((int)(bits << (6 - n_bits) & 63));
	while (c < buf + LENGTH(n))
		*c++ = '=';
	*c = '\0';
	return buf;
}
