/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadowsocks/sealer.c and opener.c: what is sealed opens, and is what others expect on the wire.
 */
#include "suite.h"

#include "hex.h"
#include "stream_vectors.h"
#include "streams.h"

/* The linker puts it in the place of the kernel's: salts count up, and padding has five bytes. */
int __wrap_crypto_random(void *out, size_t n);
static uint8_t first_of_salt;
static bool is_random;

int __wrap_crypto_random(void *out, size_t n)
{
	uint8_t *bytes = out;
	const uint16_t padding = 4;

	for (size_t i = 0; i < n; i++)
		bytes[i] = is_random ? (uint8_t)rand() : (uint8_t)(first_of_salt + i);
	if (n == sizeof(padding) && !is_random)
		memcpy(out, &padding, sizeof(padding));
	return 0;
}

/* ---- vectors of the reference ---- */

static void with_vectors(void (*test)(struct ends *ends, const struct stream_vector *vector))
{
	struct ends ends;

	is_random = false;
	for (size_t i = 0; i < sizeof(stream_vectors) / sizeof(stream_vectors[0]); i++) {
		ends_init(&ends, method_find(stream_vectors[i].method));
		assert_null(key_read(ends.method, stream_vectors[i].secret, ends.key));
		test(&ends, &stream_vectors[i]);
		ends_exit(&ends);
	}
}

static void assert_wire(struct heap *wire, const char *text)
{
	assert_int_equal(wire->n, strlen(text) / 2);
	assert_hex(wire->bytes, text);
	heap_free(wire);
}

static void seal_vector(struct ends *ends, const struct stream_vector *vector)
{
	bool is_raw = ends->method->is_raw_after_header;
	struct heap wire = {0};
	struct sealer sealer, response;

	first_of_salt = 0x10;
	sealer_init(&sealer, &ends->client, NULL);
	put_request(&sealer, &wire, "first", is_raw ? 0 : 5);
	put_piece(&sealer, &wire, is_raw ? "firstsecond" : "second", is_raw ? 11 : 6);
	assert_wire(&wire, vector->with_payload);

	sealer_init(&sealer, &ends->client, NULL);
	put_request(&sealer, &wire, NULL, 0);
	assert_wire(&wire, vector->padded);

	first_of_salt = 0x40;
	sealer_init(&response, &ends->server, sealer.request_salt);
	put_response_head(&response, &wire);
	put_piece(&response, &wire, "one", 3);
	put_piece(&response, &wire, "two", 3);
	assert_wire(&wire, vector->response);
}

static void seals_as_the_reference(void **state)
{
	with_vectors(seal_vector);
}

static void assert_opens(struct opener *opener, const char *text, const void *expected, size_t n)
{
	struct heap wire = {0}, plain = {0};

	wire.bytes = malloc(strlen(text) / 2);
	assert_non_null(wire.bytes);
	wire.n = hex_read(text, wire.bytes);
	assert_int_equal(open_all(opener, &wire, &plain), 0);
	assert_true(opener_may_end(opener));
	assert_int_equal(plain.n, n);
	assert_memory_equal(plain.bytes, expected, n);
	heap_free(&wire);
	heap_free(&plain);
}

/* What a request begins with, opened: the address, and for 2022 the padding. */
static size_t put_opened_header(const struct method *method, uint8_t padding, char *out)
{
	size_t n = sizeof(stream_header);

	memcpy(out, stream_header, n);
	if (method->format == METHOD_2017)
		return n;
	out[n++] = 0;
	out[n++] = (char)padding;
	memset(out + n, 0, padding);
	return n + padding;
}

static void open_vector(struct ends *ends, const struct stream_vector *vector)
{
	uint8_t padding = ends->method->is_raw_after_header ? 5 : 0, salt[CODEC_SALT_MAX];
	char expected[64];
	size_t n = put_opened_header(ends->method, padding, expected);
	struct opener opener;

	memcpy(expected + n, "firstsecond", 11);
	opener_init(&opener, &ends->server, NULL);
	assert_opens(&opener, vector->with_payload, expected, n + 11);
	memcpy(salt, opener.salt, sizeof(salt));

	n = put_opened_header(ends->method, 5, expected);
	opener_init(&opener, &ends->server, NULL);
	assert_opens(&opener, vector->padded, expected, n);

	opener_init(&opener, &ends->client, salt);
	assert_opens(&opener, vector->response, "onetwo", 6);
}

static void opens_what_the_reference_sealed(void **state)
{
	with_vectors(open_vector);
}

/* ---- round trips ---- */

static const size_t sizes[] = {1, 2, 3, 1000, 4096, 0x3ffe, 0x3fff, 0x4000, 0xfffe, 0xffff};

static void fill(uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)rand();
}

/* Pieces of each size that the method takes, and of some random ones. */
static void put_pieces(struct sealer *sealer, struct heap *wire, struct heap *said)
{
	static uint8_t payload[0xffff];
	size_t most = sealer_payload_max(sealer);

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n = i % 2 ? sizes[i / 2] : 1 + (size_t)rand() % most;

		if (n > most)
			continue;
		fill(payload, n);
		put_piece(sealer, wire, payload, n);
		heap_put(said, payload, n);
	}
}

static void assert_said(struct opener *opener, struct heap *wire, struct heap *said, size_t skip)
{
	struct heap plain = {0};

	assert_int_equal(open_all(opener, wire, &plain), 0);
	assert_true(opener_may_end(opener));
	assert_int_equal(plain.n, skip + said->n);
	assert_memory_equal(plain.bytes + skip, said->bytes, said->n);
	heap_free(&plain);
	heap_free(wire);
	heap_free(said);
}

/* Of a request; header_parse() says how much is before the payload. */
static void assert_request(struct ends *ends, struct opener *opener, struct heap *wire,
			   struct heap *said)
{
	struct heap plain = {0};
	struct target target;
	struct opener first;
	ssize_t skip;

	opener_init(&first, &ends->server, NULL);
	assert_int_equal(open_all(&first, wire, &plain), 0);
	skip = header_parse(ends->method->format, plain.bytes, plain.n, &target);
	assert_true(skip >= (ssize_t)sizeof(stream_header));
	assert_int_equal(target.address.port, 80);
	assert_memory_equal(target.address.ip, stream_header + 1, 4);
	heap_free(&plain);
	assert_said(opener, wire, said, (size_t)skip);
}

static void round_trip(struct ends *ends)
{
	struct heap wire = {0}, said = {0};
	struct sealer request, response;
	struct opener asked, answered;
	bool is_raw = ends->method->is_raw_after_header;
	size_t most = is_raw ? 0 : 4096;

	for (size_t n = 0; n <= most; n += 1 + n * 3) {
		sealer_init(&request, &ends->client, NULL);
		opener_init(&asked, &ends->server, NULL);
		put_request(&request, &wire, request.request_salt, n % 20);
		heap_put(&said, (uint8_t[20]){0}, n % 20);
		put_pieces(&request, &wire, &said);
		assert_request(ends, &asked, &wire, &said);

		sealer_init(&response, &ends->server, asked.salt);
		opener_init(&answered, &ends->client, request.request_salt);
		put_response_head(&response, &wire);
		put_pieces(&response, &wire, &said);
		assert_said(&answered, &wire, &said, 0);
	}
}

static void any_size_goes_there_and_back(void **state)
{
	is_random = true;
	srand(1);
	each_method(round_trip);
}

/* The largest payload that the contract of sealer_request() allows, with the longest address. */
static void largest_request(struct ends *ends)
{
	size_t n = ends->method->is_raw_after_header ? 0 : 1;
	uint8_t header[TARGET_HEADER_BYTES], *at;
	struct heap plain = {0};
	struct sealer sealer;
	struct opener opener;
	size_t front;
	ssize_t length;

	memset(header, 'n', sizeof(header));
	sealer_init(&sealer, &ends->client, NULL);
	front = sealer_request_front(&sealer, sizeof(header));
	assert_in_range(front, 1, SEALER_FRONT_MAX);
	n *= sealer_payload_max(&sealer) - TARGET_HEADER_BYTES - 2;
	at = malloc(front + n + (n ? SEALER_BACK : SEALER_BACK_MAX));
	memset(at + front, 'p', n);
	length = sealer_request(&sealer, STREAM_TIME_S, header, sizeof(header), at, n);
	opener_init(&opener, &ends->server, NULL);
	assert_int_equal(open_at(&opener, STREAM_TIME_S, at, (size_t)length, &plain), 0);
	assert_true(plain.n >= sizeof(header) + n);
	assert_memory_equal(plain.bytes, header, sizeof(header));
	heap_free(&plain);
	free(at);
}

static void largest_request_fits(void **state)
{
	is_random = true;
	each_method(largest_request);
}

/* Padding is there when payload is not, is never too long, and any length comes. */
static void padding_of(struct ends *ends)
{
	size_t least = SIZE_MAX, most = 0;

	if (ends->method->format != METHOD_2022)
		return;
	for (int i = 0; i < 20000; i++) {
		struct heap wire = {0};
		struct sealer sealer;
		size_t fixed, n;

		sealer_init(&sealer, &ends->client, NULL);
		fixed = sealer_request_front(&sealer, sizeof(stream_header)) + SEALER_BACK;
		put_request(&sealer, &wire, NULL, 0);
		n = wire.n - fixed;
		least = n < least ? n : least;
		most = n > most ? n : most;
		heap_free(&wire);
	}
	assert_int_equal(least, 1);
	assert_int_equal(most, LAYOUT_PADDING_MAX);
}

static void padding_is_of_1_to_900_bytes(void **state)
{
	is_random = true;
	srand(1);
	each_method(padding_of);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seals_as_the_reference),
		cmocka_unit_test(opens_what_the_reference_sealed),
		cmocka_unit_test(any_size_goes_there_and_back),
		cmocka_unit_test(largest_request_fits),
		cmocka_unit_test(padding_is_of_1_to_900_bytes),
	};

	RUN_SUITE(tests);
}
