/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any text as a key or password: read in one way only, or described without showing it. */
#include "shadowsocks/key.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_base64(const struct method *method, const char *text)
{
	uint8_t key[AEAD_KEY_MAX], untouched[AEAD_KEY_MAX];
	const char *found;
	char again[KEY_TEXT_BYTES];

	memset(key, 0xa5, sizeof(key));
	memset(untouched, 0xa5, sizeof(untouched));
	found = key_read_base64(method, text, key);
	if (!found) {
		assert(strcmp(key_format(key, method_key_bytes(method), again), text) == 0);
		return;
	}
	assert(memcmp(key, untouched, sizeof(key)) == 0);
	assert(strlen(text) < 4 || !strstr(found, text) || strlen(text) < 16);
}

/* Of a password every byte counts: one more is another key. */
static void check_password(const struct method *method, char *text)
{
	uint8_t key[AEAD_KEY_MAX] = {0}, other[AEAD_KEY_MAX] = {0};
	size_t length = strlen(text);

	if (length == 0) {
		assert(key_read(method, text, key) != NULL);
		return;
	}
	assert(key_read(method, text, key) == NULL);
	text[length - 1] ^= 0x80;
	if (text[length - 1] != '\0') {
		assert(key_read(method, text, other) == NULL);
		assert(memcmp(key, other, method_key_bytes(method)) != 0);
	}
	text[length - 1] ^= (char)0x80;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	assert(text && crypto_init() == 0);
	memcpy(text, data, size);
	text[size] = '\0';
	for (const struct method *method = method_table; method->name; method++) {
		if (method->format != METHOD_PLAIN)
			check_base64(method, text);
		if (method->format == METHOD_2017)
			check_password(method, text);
	}
	assert(method_refusal(text) && (!method_find(text) || method_find(text)->name));
	free(text);
	return 0;
}
