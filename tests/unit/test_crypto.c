/* SPDX-License-Identifier: GPL-3.0-or-later */
/* crypto/crypto.h: known answers, forgeries, changing keys, children that can open no file */
#include "suite.h"

#include "crypto/crypto.h"
#include "hex.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONGEST 65535
#define N_KINDS (AEAD_CHACHA20_POLY1305 + 1)

static uint8_t bytes[LONGEST + AEAD_TAG_BYTES + 1];
static const uint8_t nonce[AEAD_NONCE_BYTES] = {1, 2, 3};

struct vector {
	enum aead_kind kind;
	const char *key, *nonce, *plain, *sealed; /* and the tag */
};

#define ZERO_KEY_128 "00000000000000000000000000000000"
#define ZERO_KEY_256 ZERO_KEY_128 ZERO_KEY_128
#define ZERO_NONCE   "000000000000000000000000"
#define GCM_KEY	     "feffe9928665731c6d6a8f9467308308"
#define GCM_NONCE    "cafebabefacedbaddecaf888"
#define GCM_PLAIN                                                                                  \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"                         \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"

/*
 * GCM: the test cases 1 to 3 and 13 to 15 of the proposal to NIST (McGrew and Viega, appendix B),
 * which are those of both key sizes without associated data. ChaCha20-Poly1305: all of RFC 8439's
 * have associated data, which we never have; these are without: 2, 4, 6 and 28 in
 * testvectors_v1/chacha20_poly1305_test.json of C2SP/wycheproof.
 */
static const struct vector vectors[] = {
	{AEAD_AES_128_GCM, ZERO_KEY_128, ZERO_NONCE, "", "58e2fccefa7e3061367f1d57a4e7455a"},
	{AEAD_AES_128_GCM, ZERO_KEY_128, ZERO_NONCE, "00000000000000000000000000000000",
	 "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
	{AEAD_AES_128_GCM, GCM_KEY, GCM_NONCE, GCM_PLAIN,
	 "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
	 "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091473f5985"
	 "4d5c2af327cd64a62cf35abd2ba6fab4"},
	{AEAD_AES_256_GCM, ZERO_KEY_256, ZERO_NONCE, "", "530f8afbc74536b9a963b4f1c4cb738b"},
	{AEAD_AES_256_GCM, ZERO_KEY_256, ZERO_NONCE, "00000000000000000000000000000000",
	 "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
	{AEAD_AES_256_GCM, GCM_KEY GCM_KEY, GCM_NONCE, GCM_PLAIN,
	 "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
	 "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
	 "b094dac5d93471bdec1a502270e3cc6c"},
	{AEAD_CHACHA20_POLY1305, "80ba3192c803ce965ea371d5ff073cf0f43b6a2ab576b208426e11409c09b9b0",
	 "4da5bf8dfd5852c1ea12379d", "", "76acb342cf3166a5b63c0c0ea1383c8d"},
	{AEAD_CHACHA20_POLY1305, "cc56b680552eb75008f5484b4cb803fa5063ebd6eab91f6ab6aef4916a766273",
	 "99e23ec48985bccdeeab60f1", "2a", "3acac27dec0968801e9f6eded69d807522"},
	{AEAD_CHACHA20_POLY1305, "2f7f7e4f592bb389194989743507bf3ee9cbde1786b6695fe6c025fd9ba4c100",
	 "461af122e9f2e0347e03f2db", "5c60", "4d1391e8b61efb39c122195453077b22e5e2"},
	{AEAD_CHACHA20_POLY1305, "faf4bfe8019a891c74901b17f4f48cee5cd065d55fdea60118aaf6c4319a0ea5",
	 "b776c3fddba7c81362ce6e1b", "8dadff8d60c8e88f604f274833",
	 "e6b33a74a4ac443bd93f9c1b940c115172bdb02bbad3130fff22790d60"},
};

static struct aead *aead_of(enum aead_kind kind)
{
	struct aead *aead = aead_new(kind);

	assert_non_null(aead);
	return aead;
}

/* A key of this kind's length, all of one byte. */
static struct aead_key key_of(enum aead_kind kind, uint8_t byte)
{
	uint8_t raw[AEAD_KEY_MAX];
	struct aead_key key;

	memset(raw, byte, sizeof(raw));
	aead_key_set(&key, raw, aead_key_bytes(kind));
	return key;
}

static void fill(size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i * 7);
}

static void assert_filled(size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_int_equal(bytes[i], (uint8_t)(i * 7));
}

static void check_vector(struct aead *aead, const struct vector *v)
{
	uint8_t raw[AEAD_KEY_MAX], number[AEAD_NONCE_BYTES];
	struct aead_key key;
	size_t n;

	n = hex_read(v->key, raw);
	assert_int_equal(n, aead_key_bytes(v->kind));
	aead_key_set(&key, raw, n);
	hex_read(v->nonce, number);
	n = hex_read(v->plain, bytes);
	assert_int_equal(aead_seal(aead, &key, number, bytes, n), 0);
	assert_hex(bytes, v->sealed);
	assert_int_equal(aead_open(aead, &key, number, bytes, n), 0);
	assert_hex(bytes, v->plain);
}

static void gives_known_answers(void **state)
{
	struct aead *shared[N_KINDS];

	for (int kind = 0; kind < N_KINDS; kind++)
		shared[kind] = aead_of((enum aead_kind)kind);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++) {
		struct aead *fresh = aead_of(vectors[i].kind);

		check_vector(shared[vectors[i].kind], &vectors[i]);
		check_vector(fresh, &vectors[i]);
		aead_free(fresh);
	}
	for (int kind = 0; kind < N_KINDS; kind++)
		aead_free(shared[kind]);
}

/*
 * RFC 8439, section 2.8.2. Its tag covers associated data, so it is not looked at; the ciphertext
 * does not depend on them.
 */
static void encrypts_as_rfc_8439(void **state)
{
	static const char plain[] =
		"Ladies and Gentlemen of the class of '99: If I could offer you "
		"only one tip for the future, sunscreen would be it.";
	struct aead *aead = aead_of(AEAD_CHACHA20_POLY1305);
	uint8_t raw[32], number[AEAD_NONCE_BYTES];
	struct aead_key key;

	hex_read("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", raw);
	hex_read("070000004041424344454647", number);
	aead_key_set(&key, raw, sizeof(raw));
	memcpy(bytes, plain, sizeof(plain) - 1);
	assert_int_equal(aead_seal(aead, &key, number, bytes, sizeof(plain) - 1), 0);
	assert_hex(bytes, "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
			  "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
			  "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
			  "3ff4def08e4b7a9de576d26586cec64b6116");
	aead_free(aead);
}

static void any_length_comes_back(void **state)
{
	static const size_t lengths[] = {0, 1, 2, 15, 16, 17, 255, 256, 1000, 0x3fff, LONGEST};

	for (int kind = 0; kind < N_KINDS; kind++) {
		struct aead *aead = aead_of((enum aead_kind)kind);
		struct aead_key key = key_of((enum aead_kind)kind, 1);

		for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
			size_t n = lengths[i];

			fill(n);
			bytes[n + AEAD_TAG_BYTES] = 0xa5;
			assert_int_equal(aead_seal(aead, &key, nonce, bytes, n), 0);
			assert_int_equal(bytes[n + AEAD_TAG_BYTES], 0xa5);
			assert_int_equal(aead_open(aead, &key, nonce, bytes, n), 0);
			assert_filled(n);
		}
		aead_free(aead);
	}
}

/* Of `n` bytes and their tag, one bit is wrong: refused, and nothing of the text is left. */
static void check_forgery(struct aead *aead, const struct aead_key *key, size_t n, size_t bit)
{
	static const uint8_t wiped[16];

	fill(n);
	assert_int_equal(aead_seal(aead, key, nonce, bytes, n), 0);
	bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	assert_int_equal(aead_open(aead, key, nonce, bytes, n), -EBADMSG);
	assert_memory_equal(bytes, wiped, n);
}

static void every_bit_matters(void **state)
{
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct aead *aead = aead_of((enum aead_kind)kind);
		struct aead_key key = key_of((enum aead_kind)kind, 1);

		for (size_t n = 0; n <= 11; n++)
			for (size_t bit = 0; bit < 8 * (n + AEAD_TAG_BYTES); bit++)
				check_forgery(aead, &key, n, bit);
		aead_free(aead);
	}
}

static void key_and_nonce_matter(void **state)
{
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct aead *aead = aead_of((enum aead_kind)kind);
		struct aead_key key = key_of((enum aead_kind)kind, 1);
		struct aead_key other = key_of((enum aead_kind)kind, 2);
		uint8_t next[AEAD_NONCE_BYTES];

		memcpy(next, nonce, sizeof(next));
		next[AEAD_NONCE_BYTES - 1]++;
		fill(5);
		assert_int_equal(aead_seal(aead, &key, nonce, bytes, 5), 0);
		assert_int_equal(aead_open(aead, &key, next, bytes, 5), -EBADMSG);
		fill(5);
		assert_int_equal(aead_seal(aead, &key, nonce, bytes, 5), 0);
		assert_int_equal(aead_open(aead, &other, nonce, bytes, 5), -EBADMSG);
		aead_free(aead);
	}
}

/* What one cipher seals for two streams by turns is what two ciphers seal for one each. */
static void keys_may_alternate(void **state)
{
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct aead *shared = aead_of((enum aead_kind)kind);

		for (uint8_t turn = 0; turn < 12; turn++) {
			/* 0 0 1 1 ...: both with and without a change; ids that are new each time
			 */
			struct aead_key key = key_of((enum aead_kind)kind, turn / 2 % 2);
			struct aead *own = aead_of((enum aead_kind)kind);
			uint8_t number[AEAD_NONCE_BYTES] = {turn}, expected[7 + AEAD_TAG_BYTES];

			fill(7);
			assert_int_equal(aead_seal(own, &key, number, bytes, 7), 0);
			memcpy(expected, bytes, sizeof(expected));
			fill(7);
			assert_int_equal(aead_seal(shared, &key, number, bytes, 7), 0);
			assert_memory_equal(bytes, expected, sizeof(expected));
			assert_int_equal(aead_open(shared, &key, number, bytes, 7), 0);
			assert_filled(7);
			aead_free(own);
		}
		aead_free(shared);
	}
}

/* Two keys, set once, used in every order of two operations. */
static void a_remembered_key_is_the_right_one(void **state)
{
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct aead *aead = aead_of((enum aead_kind)kind);
		struct aead_key keys[] = {key_of((enum aead_kind)kind, 3),
					  key_of((enum aead_kind)kind, 4)};

		for (int round = 0; round < 16; round++) {
			const struct aead_key *first = &keys[round & 1],
					      *then = &keys[round >> 1 & 1];
			uint8_t sealed[2][3 + AEAD_TAG_BYTES] = {"one", "two"};

			assert_int_equal(aead_seal(aead, first, nonce, sealed[0], 3), 0);
			assert_int_equal(aead_seal(aead, then, nonce, sealed[1], 3), 0);
			assert_int_equal(aead_open(aead, first, nonce, sealed[0], 3), 0);
			assert_int_equal(aead_open(aead, then, nonce, sealed[1], 3), 0);
			assert_memory_equal(sealed[0], "one", 3);
			assert_memory_equal(sealed[1], "two", 3);
		}
		aead_free(aead);
	}
}

static void a_forgery_leaves_no_trace(void **state)
{
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct aead *aead = aead_of((enum aead_kind)kind);
		struct aead_key key = key_of((enum aead_kind)kind, 1);
		uint8_t expected[100 + AEAD_TAG_BYTES];

		fill(100);
		assert_int_equal(aead_seal(aead, &key, nonce, bytes, 100), 0);
		memcpy(expected, bytes, sizeof(expected));
		check_forgery(aead, &key, 16, 17);
		fill(100);
		assert_int_equal(aead_seal(aead, &key, nonce, bytes, 100), 0);
		assert_memory_equal(bytes, expected, sizeof(expected));
		check_forgery(aead, &key, 16, 17);
		memcpy(bytes, expected, sizeof(expected));
		assert_int_equal(aead_open(aead, &key, nonce, bytes, 100), 0);
		assert_filled(100);
		aead_free(aead);
	}
}

static void check_hkdf(const char *key, const char *salt, const char *info, const char *expected)
{
	uint8_t raw[80], raw_salt[80], raw_info[81], out[82];
	size_t key_n = hex_read(key, raw), salt_n = hex_read(salt, raw_salt);

	raw_info[hex_read(info, raw_info)] = '\0';
	assert_int_equal(crypto_hkdf_sha1(raw, key_n, raw_salt, salt_n, (const char *)raw_info, out,
					  strlen(expected) / 2),
			 0);
	assert_hex(out, expected);
}

/* RFC 5869, A.4 to A.7; a call knows nothing of the one before. */
static void derives_as_rfc_5869(void **state)
{
	for (int again = 0; again < 2; again++) {
		check_hkdf("0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
			   "f0f1f2f3f4f5f6f7f8f9",
			   "085a01ea1b10f36933068b56efa5ad81a4f14b822f5b091568a9cdd4f155fda2"
			   "c22e422478d305f3f896");
		check_hkdf("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
			   "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
			   "404142434445464748494a4b4c4d4e4f",
			   "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
			   "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
			   "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
			   "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
			   "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
			   "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
			   "0bd770a74d1160f7c9f12cd5912a06ebff6adcae899d92191fe4305673ba2ffe"
			   "8fa3f1a4e5ad79f3f334b3b202b2173c486ea37ce3d397ed034c7f9dfeb15c5e"
			   "927336d0441f4c4300e2cff0d0900b52d3b4");
		check_hkdf("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
			   "0ac1af7002b3d761d1e55298da9d0506b9ae52057220a306e07b6b87e8df21d0"
			   "ea00033de03984d34918");
		check_hkdf("0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c", "", "",
			   "2c91117204d745f3500d636a62f64f0ab3bae548aa53d423b0d1f27ebba6f5e5"
			   "673a081d70cce7acfc48");
	}
}

static void makes_keys_of_passwords(void **state)
{
	static const char expected[] =
		"5f4dcc3b5aa765d61d8327deb882cf992b95990a9151374abd8ff8c5a7a0fe08";
	uint8_t out[41];

	for (size_t n = 0; n <= 32; n++) {
		char text[65];

		snprintf(text, sizeof(text), "%.*s", (int)(2 * n), expected);
		out[n] = 0xa5;
		crypto_password_key("password", out, n);
		assert_hex(out, text);
		assert_int_equal(out[n], 0xa5);
	}
	crypto_password_key("", out, 16);
	assert_hex(out, "d41d8cd98f00b204e9800998ecf8427e");
	crypto_password_key("barfoo!", out, 40);
	assert_hex(out, "b3adc47839e047eb228870526dc8fc30b347287ffca3045dcea06b3fdf090acb"
			"9e79932c3363911e");
}

static void compares_and_wipes(void **state)
{
	uint8_t a[20] = "nineteen characters", b[20] = "nineteen characters", zero[20] = {0};

	assert_true(crypto_equal(a, b, sizeof(a)));
	assert_true(crypto_equal(a, zero, 0));
	for (size_t bit = 0; bit < 8 * sizeof(a); bit++) {
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(crypto_equal(a, b, sizeof(a)));
		b[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	crypto_wipe(a, sizeof(a) - 1);
	assert_memory_equal(a, zero, sizeof(a) - 1);
}

/* Eight bytes are the same by chance once in 2^64 times. */
static void random_bytes_differ(void **state)
{
	uint8_t some[2][1000] = {{0}};

	assert_int_equal(crypto_random(some[0], sizeof(some[0])), 0);
	assert_int_equal(crypto_random(some[1], sizeof(some[1])), 0);
	for (size_t i = 0; i + 8 <= sizeof(some[0]); i += 8)
		assert_memory_not_equal(some[0] + i, some[1] + i, 8);
	assert_int_equal(crypto_random(NULL, 0), 0);
}

/* All that a worker does, with the parent's cipher and with one of its own. 0 if it works. */
static int work(struct aead *parents, enum aead_kind kind)
{
	struct rlimit none = {0, 0};
	struct aead_key key;
	uint8_t out[20], text[4 + AEAD_TAG_BYTES] = "text";
	struct aead *own;

	if (setrlimit(RLIMIT_NOFILE, &none) < 0 || dup(0) >= 0)
		return 1;
	own = aead_new(kind);
	key = key_of(kind, 9);
	if (own == NULL || aead_seal(own, &key, nonce, text, 4) < 0 ||
	    aead_open(parents, &key, nonce, text, 4) < 0 || memcmp(text, "text", 4) != 0)
		return 2;
	if (crypto_hkdf_sha1(text, 4, text, 4, "ss-subkey", out, sizeof(out)) < 0 ||
	    crypto_random(out, sizeof(out)) < 0)
		return 3;
	text[0] ^= 1;
	return aead_open(parents, &key, nonce, text, 4) == -EBADMSG ? 0 : 4;
}

/* A child cannot open anything: its bound for descriptors is 0. */
static void children_need_no_files(void **state)
{
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct aead *aead = aead_of((enum aead_kind)kind);
		int status;
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0)
			_exit(work(aead, (enum aead_kind)kind));
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
		aead_free(aead);
	}
}

static void can_begin_again(void **state)
{
	assert_int_equal(crypto_init(), 0); /* once more is nothing */
	crypto_exit();
	crypto_exit();
	assert_int_equal(crypto_init(), 0);
	gives_known_answers(state);
}

/*
 * The machine's policy is that only validated algorithms are used: it does not reach us. Before
 * anything else in this process, since libcrypto reads its configuration once.
 */
static int begin(void **state)
{
	static const char policy[] = "openssl_conf = all\n[all]\nalg_section = algorithms\n"
				     "[algorithms]\ndefault_properties = fips=yes\n";
	int file = memfd_create("openssl.cnf", 0), error = -1;
	char name[32];

	snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	if (write(file, policy, sizeof(policy) - 1) == sizeof(policy) - 1 &&
	    lseek(file, 0, SEEK_SET) == 0 && setenv("OPENSSL_CONF", name, 1) == 0)
		error = crypto_init();
	close(file);
	return error;
}

static int end(void **state)
{
	crypto_exit();
	return 0;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_known_answers),
		cmocka_unit_test(encrypts_as_rfc_8439),
		cmocka_unit_test(any_length_comes_back),
		cmocka_unit_test(every_bit_matters),
		cmocka_unit_test(key_and_nonce_matter),
		cmocka_unit_test(keys_may_alternate),
		cmocka_unit_test(a_remembered_key_is_the_right_one),
		cmocka_unit_test(a_forgery_leaves_no_trace),
		cmocka_unit_test(derives_as_rfc_5869),
		cmocka_unit_test(makes_keys_of_passwords),
		cmocka_unit_test(compares_and_wipes),
		cmocka_unit_test(random_bytes_differ),
		cmocka_unit_test(children_need_no_files),
		cmocka_unit_test(can_begin_again),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
