/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadowsocks/key.c and method.c: keys and passwords as people write them. */
#include "suite.h"

#include "shadowsocks/key.h"

#include <stdlib.h>
#include <string.h>

/* The one of the example in SIP022, and its bytes. */
#define KEY_TEXT "Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce4="
static const uint8_t key_bytes[32] = {
	0x2d, 0xcd, 0xed, 0x4f, 0x1d, 0x01, 0x63, 0xa6, 0x49, 0xfd, 0xf0,
	0xb0, 0x3b, 0x1d, 0xc9, 0xbc, 0x5d, 0x08, 0xfd, 0xa9, 0xe1, 0xc0,
	0x90, 0x4e, 0xe6, 0x9d, 0xbe, 0x14, 0x0e, 0x55, 0x71, 0xee,
};

static int set_up(void **state)
{
	(void)state;
	return crypto_init();
}

static int tear_down(void **state)
{
	(void)state;
	crypto_exit();
	return 0;
}

static const struct method *method_of(const char *name)
{
	const struct method *method = method_find(name);

	assert_non_null(method);
	return method;
}

static void test_base64(void **state)
{
	static const char *const names[] = {"2022-blake3-aes-256-gcm", "auth-only",
					    "2022-blake3-chacha20-poly1305"};
	uint8_t key[AEAD_KEY_MAX];

	for (size_t i = 0; i < 3; i++) {
		memset(key, 0, sizeof(key));
		assert_null(key_read(method_of(names[i]), KEY_TEXT, key));
		assert_memory_equal(key, key_bytes, 32);
	}
	memset(key, 0, sizeof(key));
	assert_null(
		key_read(method_of("2022-blake3-aes-128-gcm"), "Lc3tTx0BY6ZJ/fCwOx3JvA==", key));
	assert_memory_equal(key, key_bytes, 16);
	assert_int_equal(key[16], 0);
}

/* Every digit in every place, written and read. */
static void test_there_and_back(void **state)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const struct method *method = method_of("2022-blake3-aes-256-gcm");
	char text[KEY_TEXT_BYTES], again[KEY_TEXT_BYTES];
	uint8_t key[AEAD_KEY_MAX];

	for (unsigned shift = 0; shift < 64; shift++) {
		for (unsigned i = 0; i < 42; i++)
			text[i] = digits[(i + shift) % 64];
		text[42] = digits[shift * 4 % 64];
		strcpy(text + 43, "=");
		assert_null(key_read(method, text, key));
		assert_string_equal(key_format(key, 32, again), text);
	}
	assert_string_equal(key_format(key_bytes, 32, text), KEY_TEXT);
	assert_string_equal(key_format(key_bytes, 16, text), "Lc3tTx0BY6ZJ/fCwOx3JvA==");
}

static void assert_no_key(const char *text, const char *found)
{
	uint8_t key[AEAD_KEY_MAX], before[AEAD_KEY_MAX];
	const char *words;

	memset(key, 0x5a, sizeof(key));
	memcpy(before, key, sizeof(key));
	words = key_read(method_of("2022-blake3-aes-256-gcm"), text, key);
	assert_non_null(words);
	assert_string_equal(words, found);
	assert_memory_equal(key, before, sizeof(key));
}

static void test_no_key(void **state)
{
	static const char mistyped[] = "a key that is mistyped, or a password";
	static const char several[] = "several keys with a colon between, for users of one server, "
				      "which is not supported";

	assert_no_key("", "nothing");
	assert_no_key("hunter2", "a password");
	assert_no_key("Lc3tTx0BY6ZJ/fCwOx3JvA==", "a key of 16 bytes");
	assert_no_key("Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce4", "a password");   /* padding */
	assert_no_key(" Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce4=", "a password"); /* around */
	assert_no_key("Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce4=\n", "a password");
	assert_no_key("Lc3tTx0BY6ZJ_fCwOx3JvF0I_anhwJBO5p2-FA5Vce4=", mistyped); /* URL's letters */
	assert_no_key("Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce5=", mistyped); /* stray bits */
	assert_no_key("Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce4A", mistyped);
	assert_no_key("Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce==", mistyped);
	assert_no_key("Lc3tTx0BY6ZJ/fCwOx3JvF0I/=nhwJBO5p2+FA5Vce4=", mistyped);
	assert_no_key("Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5V\xc3\xa4"
		      "4=",
		      mistyped);
	assert_no_key(KEY_TEXT ":" KEY_TEXT, several);
	assert_no_key("hunter2:hunter2", "a password");
}

/* Each byte that is no digit, in the place of one. */
static void test_no_digit(void **state)
{
	const struct method *method = method_of("2022-blake3-aes-256-gcm");
	uint8_t key[AEAD_KEY_MAX];
	unsigned n_good = 0;

	for (int c = 1; c < 256; c++) {
		char text[] = KEY_TEXT;

		text[7] = (char)c;
		n_good += key_read(method, text, key) == NULL;
	}
	assert_int_equal(n_good, 64);
}

static void test_password(void **state)
{
	static const uint8_t expected[32] = {
		0x5f, 0x4d, 0xcc, 0x3b, 0x5a, 0xa7, 0x65, 0xd6, 0x1d, 0x83, 0x27,
		0xde, 0xb8, 0x82, 0xcf, 0x99, 0x2b, 0x95, 0x99, 0x0a, 0x91, 0x51,
		0x37, 0x4a, 0xbd, 0x8f, 0xf8, 0xc5, 0xa7, 0xa0, 0xfe, 0x08,
	};
	uint8_t key[AEAD_KEY_MAX] = {0};

	assert_null(key_read(method_of("aes-128-gcm"), "password", key));
	assert_memory_equal(key, expected, 16);
	assert_int_equal(key[16], 0);
	assert_null(key_read(method_of("chacha20-ietf-poly1305"), "password", key));
	assert_memory_equal(key, expected, 32);
	assert_string_equal(key_read(method_of("aes-256-gcm"), "", key), "nothing");
	assert_memory_equal(key, expected, 32);
}

/* "key" of shadowsocks-libev: base64 for the methods of 2017, too. */
static void test_key_instead_of_password(void **state)
{
	uint8_t key[AEAD_KEY_MAX];

	assert_null(key_read_base64(method_of("aes-256-gcm"), KEY_TEXT, key));
	assert_memory_equal(key, key_bytes, 32);
	assert_string_equal(key_read_base64(method_of("aes-256-gcm"), "password", key),
			    "a password");
	assert_string_equal(key_read_base64(method_of("aes-128-gcm"), KEY_TEXT, key),
			    "a key of 32 bytes");
}

static void test_methods(void **state)
{
	unsigned count = 0;

	for (const struct method *method = method_table; method->name; method++, count++) {
		assert_ptr_equal(method_find(method->name), method);
		assert_int_equal(method->format == METHOD_2022, method->context != NULL);
	}
	assert_int_equal(count, 8);
	assert_ptr_equal(method_find("plain"), method_find("none"));
	assert_int_equal(method_key_bytes(method_find("none")), 0);
	assert_int_equal(method_key_bytes(method_find("auth-only")), 32);
	assert_int_equal(method_key_bytes(method_find("2022-blake3-aes-128-gcm")), 16);
	assert_null(method_find("rc4-md5"));
	assert_null(method_find(""));
	assert_non_null(strstr(method_refusal("rc4-md5"), "a stream cipher"));
	assert_non_null(strstr(method_refusal("aes-192-gcm"), "not supported"));
	assert_string_equal(method_refusal("AES-256-GCM"), "no such method");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),	 cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_no_key),	 cmocka_unit_test(test_no_digit),
		cmocka_unit_test(test_password), cmocka_unit_test(test_key_instead_of_password),
		cmocka_unit_test(test_methods),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
