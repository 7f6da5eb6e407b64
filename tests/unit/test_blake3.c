/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto/blake3.c: the official vectors, and the subkey of Shadowsocks 2022 */
#include "suite.h"

#include "blake3_vectors.h"
#include "crypto/blake3.h"
#include "hex.h"

#define N_VECTORS    (sizeof(blake3_vectors) / sizeof(*blake3_vectors))
#define RESULT_BYTES 131

static uint8_t input[102400 + 1];

static int fill_input(void **state)
{
	for (size_t i = 0; i < sizeof(input); i++)
		input[i] = (uint8_t)(i % 251);
	return 0;
}

static void init_keyed(struct blake3 *hash)
{
	blake3_init_keyed(hash, (const uint8_t *)BLAKE3_VECTOR_KEY);
}

static void init_derive_key(struct blake3 *hash)
{
	blake3_init_derive_key(hash, BLAKE3_VECTOR_CONTEXT);
}

/* A result of each of the lengths is the beginning of the longest. */
static void check(struct blake3 hash, const uint8_t *bytes, size_t n, const char *expected)
{
	uint8_t out[RESULT_BYTES + 1];

	blake3_update(&hash, bytes, n);
	out[RESULT_BYTES] = 0xa5;
	blake3_final(&hash, out, RESULT_BYTES);
	assert_hex(out, expected);
	assert_int_equal(out[RESULT_BYTES], 0xa5);
	for (size_t length = 0; length < RESULT_BYTES; length++) {
		uint8_t some[RESULT_BYTES + 1];

		some[length] = 0x5a;
		blake3_final(&hash, some, length);
		assert_memory_equal(some, out, length);
		assert_int_equal(some[length], 0x5a);
	}
}

static void gives_the_official_results(void **state)
{
	struct blake3 hash;

	for (size_t i = 0; i < N_VECTORS; i++) {
		blake3_init(&hash);
		check(hash, input, blake3_vectors[i].n, blake3_vectors[i].hash);
		init_keyed(&hash);
		check(hash, input, blake3_vectors[i].n, blake3_vectors[i].keyed_hash);
		init_derive_key(&hash);
		check(hash, input, blake3_vectors[i].n, blake3_vectors[i].derive_key);
	}
}

static void pieces_make_no_difference(void **state)
{
	static const size_t pieces[] = {1, 3, 63, 64, 65, 1023, 1024, 1025, 4000};
	struct blake3 hash;

	for (size_t p = 0; p < sizeof(pieces) / sizeof(*pieces); p++) {
		for (size_t i = 0; i < N_VECTORS; i++) {
			size_t n = blake3_vectors[i].n, done = 0;

			blake3_init(&hash);
			for (; done + pieces[p] < n; done += pieces[p])
				blake3_update(&hash, input + done, pieces[p]);
			check(hash, input + done, n - done, blake3_vectors[i].hash);
		}
	}
}

/* After a result, more can be put in. */
static void goes_on_after_a_result(void **state)
{
	struct blake3 hash;
	uint8_t out[32];
	size_t done = 0;

	init_keyed(&hash);
	for (size_t i = 0; i < N_VECTORS; i++) {
		blake3_update(&hash, input + done, blake3_vectors[i].n - done);
		done = blake3_vectors[i].n;
		blake3_final(&hash, out, sizeof(out));
		check(hash, NULL, 0, blake3_vectors[i].keyed_hash);
	}
}

static void any_alignment_will_do(void **state)
{
	static uint8_t shifted[4096 + 8];
	struct blake3 hash;
	uint8_t expected[32], out[32];

	blake3_init(&hash);
	blake3_update(&hash, input, 4096);
	blake3_final(&hash, expected, sizeof(expected));
	for (size_t shift = 1; shift < 8; shift++) {
		memcpy(shifted + shift, input, 4096);
		blake3_init(&hash);
		blake3_update(&hash, shifted + shift, 4096);
		blake3_final(&hash, out, sizeof(out));
		assert_memory_equal(out, expected, sizeof(out));
	}
}

/*
 * PSK Lc3tTx0BY6ZJ/fCwOx3JvF0I/anhwJBO5p2+FA5Vce4=, salt
 * 3oFO0VyLyGI4nFN0M9P+62vPND/L6v8IingaPJWTbJA=, subkey EdNE+4U8dVnHT0+poAFDK2bdlwfrHT61sUNr9WYPh+E=
 */
static void derives_the_subkey_of_2022(void **state)
{
	static const char
		psk[] = "2dcded4f1d0163a649fdf0b03b1dc9bc5d08fda9e1c0904ee69dbe140e5571ee",
		salt[] = "de814ed15c8bc862389c537433d3feeb6bcf343fcbeaff088a781a3c95936c90",
		subkey[] = "11d344fb853c7559c74f4fa9a001432b66dd9707eb1d3eb5b1436bf5660f87e1";
	uint8_t bytes[64], out[32];
	struct blake3 hash;

	hex_read(psk, bytes);
	hex_read(salt, bytes + 32);
	blake3_init_derive_key(&hash, "shadowsocks 2022 session subkey");
	blake3_update(&hash, bytes, sizeof(bytes));
	blake3_final(&hash, out, sizeof(out));
	assert_hex(out, subkey);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_official_results),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(goes_on_after_a_result),
		cmocka_unit_test(any_alignment_will_do),
		cmocka_unit_test(derives_the_subkey_of_2022),
	};

	return cmocka_run_group_tests(tests, fill_input, NULL);
}
