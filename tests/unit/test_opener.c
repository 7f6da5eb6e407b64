/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadowsocks/opener.c: what must be refused, bit by bit, at every length, limit and state. */
#include "suite.h"

#include "streams.h"

/* A request and a response of two pieces each, and where their first pieces end. */
struct exchange {
	struct ends *ends;
	struct heap request, response;
	size_t request_first, response_first;
	uint8_t salt[CODEC_SALT_MAX];
};

static void exchange_init(struct exchange *exchange, struct ends *ends)
{
	bool is_raw = ends->method->is_raw_after_header;
	struct sealer sealer, answer;

	*exchange = (struct exchange){.ends = ends};
	sealer_init(&sealer, &ends->client, NULL);
	put_request(&sealer, &exchange->request, "early", is_raw ? 0 : 5);
	exchange->request_first = exchange->request.n;
	put_piece(&sealer, &exchange->request, "later", 5);
	memcpy(exchange->salt, sealer.request_salt, sizeof(exchange->salt));
	sealer_init(&answer, &ends->server, exchange->salt);
	put_response_head(&answer, &exchange->response);
	if (!is_raw)
		put_piece(&answer, &exchange->response, "one", 3);
	exchange->response_first = exchange->response.n;
	put_piece(&answer, &exchange->response, "two", 3);
}

static void exchange_exit(struct exchange *exchange)
{
	heap_free(&exchange->request);
	heap_free(&exchange->response);
}

static void with_exchange(struct ends *ends, void (*test)(struct exchange *exchange))
{
	struct exchange exchange;

	exchange_init(&exchange, ends);
	test(&exchange);
	exchange_exit(&exchange);
}

/* What becomes of n bytes at a server, or at the client; *state: in which state it leaves it. */
static int verdict(const struct exchange *exchange, bool at_server, uint64_t now_s,
		   const uint8_t *wire, size_t n, struct opener *opener)
{
	struct heap plain = {0};
	int error;

	if (at_server)
		opener_init(opener, &exchange->ends->server, NULL);
	else
		opener_init(opener, &exchange->ends->client, exchange->salt);
	error = open_at(opener, now_s, wire, n, &plain);
	heap_free(&plain);
	return error;
}

/* A step after a failure fails, whatever comes, and asks for nothing. */
static void assert_broken(struct opener *opener)
{
	uint8_t wire[1] = {0};
	struct opened opened;

	assert_int_equal(opener->state, OPENER_BROKEN);
	assert_int_equal(opener_need(opener), 0);
	assert_false(opener_may_end(opener));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(opener_step(opener, STREAM_TIME_S, wire, &opened), -EPROTO);
		assert_int_equal(opened.n, 0);
	}
	assert_int_equal(opener->state, OPENER_BROKEN);
}

/* ---- bits ---- */

static void flip_bits(const struct exchange *exchange, bool at_server, struct heap *wire, size_t n)
{
	struct opener opener;

	for (size_t bit = 0; bit < n * 8; bit++) {
		wire->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_equal(
			verdict(exchange, at_server, STREAM_TIME_S, wire->bytes, wire->n, &opener),
			-EBADMSG);
		assert_broken(&opener);
		wire->bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_int_equal(verdict(exchange, at_server, STREAM_TIME_S, wire->bytes, wire->n, &opener),
			 0);
}

/* Salt, headers, lengths, payloads, tags; but not what auth-only sends raw. */
static void check_bits(struct exchange *exchange)
{
	bool is_raw = exchange->ends->method->is_raw_after_header;

	flip_bits(exchange, true, &exchange->request,
		  is_raw ? exchange->request_first : exchange->request.n);
	flip_bits(exchange, false, &exchange->response,
		  is_raw ? exchange->response_first : exchange->response.n);
}

static void bits_of(struct ends *ends)
{
	with_exchange(ends, check_bits);
}

static void every_bit_counts(void **state)
{
	each_method(bits_of);
}

/* ---- truncation ---- */

static void cut(const struct exchange *exchange, bool at_server, const struct heap *wire,
		size_t first)
{
	bool is_raw = exchange->ends->method->is_raw_after_header;
	bool may_be_empty = !at_server && !is_raw;

	for (size_t n = 0; n <= wire->n; n++) {
		bool is_end = n == first || n == wire->n || (n > first && is_raw) ||
			      (n == 0 && may_be_empty);
		struct opener opener;
		size_t opened = 0, need;

		if (at_server)
			opener_init(&opener, &exchange->ends->server, NULL);
		else
			opener_init(&opener, &exchange->ends->client, exchange->salt);
		while ((need = opener_need(&opener)) > 0 && opened + need <= n) {
			struct opened piece;
			uint8_t step[2048];

			assert_true(need <= sizeof(step));
			memcpy(step, wire->bytes + opened, need);
			assert_int_equal(opener_step(&opener, STREAM_TIME_S, step, &piece), 0);
			opened += need;
		}
		if (opener.state == OPENER_RAW)
			opened = n;
		assert_int_equal(opener_may_end(&opener) && opened == n, is_end);
	}
}

static void check_cuts(struct exchange *exchange)
{
	cut(exchange, true, &exchange->request, exchange->request_first);
	cut(exchange, false, &exchange->response, exchange->response_first);
}

static void cuts_of(struct ends *ends)
{
	with_exchange(ends, check_cuts);
}

static void an_end_is_none_inside_a_piece(void **state)
{
	each_method(cuts_of);
}

/* ---- the wrong stream ---- */

/* A stream that is sent back to who made it, and more behind it: one without padding may be shorter
 * than the head that is expected there. */
static void check_sent_back(const struct exchange *exchange, bool at_server,
			    const struct heap *stream)
{
	size_t n = stream->n + 200;
	uint8_t *wire = calloc(1, n);
	struct opener opener;

	assert_non_null(wire);
	memcpy(wire, stream->bytes, stream->n);
	verdict(exchange, at_server, STREAM_TIME_S, wire, n, &opener);
	assert_broken(&opener);
	free(wire);
}

static void check_reflected(struct exchange *exchange)
{
	bool has_type = exchange->ends->method->format == METHOD_2022;
	const struct heap *response = &exchange->response;
	struct opener opener;

	if (!has_type)
		return; /* 2017 has no direction: whoever makes a stream remembers its salt */
	check_sent_back(exchange, true, response);
	check_sent_back(exchange, false, &exchange->request);
	for (size_t i = 0; i < method_key_bytes(exchange->ends->method); i++) {
		exchange->salt[i] ^= 1; /* the client has asked something else */
		assert_int_equal(verdict(exchange, false, STREAM_TIME_S, response->bytes,
					 response->n, &opener),
				 -EPROTO);
		assert_broken(&opener);
		exchange->salt[i] ^= 1;
	}
}

static void reflected_of(struct ends *ends)
{
	with_exchange(ends, check_reflected);
}

static void a_reflected_or_foreign_answer_is_refused(void **state)
{
	each_method(reflected_of);
}

static void check_time(struct exchange *exchange)
{
	static const int64_t off_s[] = {-31, 31, -3600, 3600, INT64_MIN / 2, INT64_MAX / 2};
	bool has_time = exchange->ends->method->format == METHOD_2022;
	struct opener opener;

	for (int at_server = 0; at_server < 2; at_server++) {
		const struct heap *wire = at_server ? &exchange->request : &exchange->response;

		for (int off = -30; off <= 30; off += 30)
			assert_int_equal(verdict(exchange, at_server, STREAM_TIME_S + (uint64_t)off,
						 wire->bytes, wire->n, &opener),
					 0);
		for (size_t i = 0; i < sizeof(off_s) / sizeof(off_s[0]); i++) {
			int error = verdict(exchange, at_server, STREAM_TIME_S + (uint64_t)off_s[i],
					    wire->bytes, wire->n, &opener);

			assert_int_equal(error, has_time ? -ETIME : 0);
			if (has_time)
				assert_broken(&opener);
		}
	}
}

static void time_of(struct ends *ends)
{
	with_exchange(ends, check_time);
}

static void thirty_seconds_and_no_more(void **state)
{
	each_method(time_of);
}

/* ---- what only a peer with the key can send ---- */

/* Seals n bytes of `plain` as the next piece of the session. */
static void forge(struct session *session, const struct codec *codec, struct heap *wire,
		  const void *plain, size_t n)
{
	uint8_t *bytes = malloc(n + AEAD_TAG_BYTES);

	assert_non_null(bytes);
	if (n > 0)
		memcpy(bytes, plain, n);
	assert_int_equal(session_seal(session, codec, bytes, n), 0);
	heap_put(wire, bytes, n + AEAD_TAG_BYTES);
	free(bytes);
}

/* A salt, and a head of 2022 with these fields. */
static void forge_head(struct ends *ends, struct session *session, struct heap *wire, uint8_t type,
		       uint64_t time_s, const uint8_t *echo, uint16_t length)
{
	uint8_t salt[CODEC_SALT_MAX] = {7}, fixed[64], *at = fixed;
	size_t n = method_key_bytes(ends->method);

	heap_put(wire, salt, n);
	assert_int_equal(session_start(session, &ends->client, salt), 0);
	*at++ = type;
	wire_write(at, LAYOUT_TIME_BYTES, time_s);
	at += LAYOUT_TIME_BYTES;
	if (echo) {
		memcpy(at, echo, n);
		at += n;
	}
	wire_write(at, LAYOUT_LENGTH_BYTES, length);
	forge(session, &ends->client, wire, fixed, (size_t)(at - fixed) + LAYOUT_LENGTH_BYTES);
}

static int open_forged(struct ends *ends, struct heap *wire, const uint8_t *echo,
		       struct opener *opener)
{
	struct heap plain = {0};
	int error;

	opener_init(opener, echo ? &ends->client : &ends->server, echo);
	error = open_all(opener, wire, &plain);
	heap_free(&plain);
	heap_free(wire);
	return error;
}

/* Types and times at their limits; a time of 0 or of 2^64 - 1 must not wrap around. */
static void heads_of(struct ends *ends)
{
	static const uint64_t times[] = {0, STREAM_TIME_S - 31, STREAM_TIME_S + 31, UINT64_MAX};
	uint8_t echo[CODEC_SALT_MAX] = {9};
	struct session session;
	struct heap wire = {0};
	struct opener opener;

	if (ends->method->format != METHOD_2022)
		return;
	for (int type = 0; type < 256; type++)
		for (int is_answer = 0; is_answer < 2; is_answer++) {
			const uint8_t *salt = is_answer ? echo : NULL;
			uint16_t length = is_answer ? 0 : 100;

			forge_head(ends, &session, &wire, (uint8_t)type, STREAM_TIME_S, salt,
				   length);
			assert_int_equal(open_forged(ends, &wire, salt, &opener),
					 type == is_answer ? 0 : -EPROTO);
		}
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		forge_head(ends, &session, &wire, LAYOUT_REQUEST, times[i], NULL, 100);
		assert_int_equal(open_forged(ends, &wire, NULL, &opener), -ETIME);
		assert_broken(&opener);
	}
}

static void types_and_times_at_their_limits(void **state)
{
	each_method(heads_of);
}

/* A head of 2017 or 2022, then pieces with this first and this next length. */
static int open_lengths(struct ends *ends, const uint8_t *echo, uint16_t first, int next,
			struct opener *opener)
{
	static const uint8_t zeros[0xffff];
	bool is_2022 = ends->method->format == METHOD_2022;
	uint8_t salt[CODEC_SALT_MAX] = {7}, length[LAYOUT_LENGTH_BYTES];
	struct session session;
	struct heap wire = {0};

	wire_write(length, sizeof(length), first);
	if (is_2022) {
		forge_head(ends, &session, &wire, echo ? LAYOUT_RESPONSE : LAYOUT_REQUEST,
			   STREAM_TIME_S, echo, first);
	} else {
		heap_put(&wire, salt, method_key_bytes(ends->method));
		assert_int_equal(session_start(&session, &ends->client, salt), 0);
		forge(&session, &ends->client, &wire, length, sizeof(length));
	}
	forge(&session, &ends->client, &wire, zeros, first);
	if (next >= 0) {
		wire_write(length, sizeof(length), (uint64_t)next);
		forge(&session, &ends->client, &wire, length, sizeof(length));
		forge(&session, &ends->client, &wire, zeros, (size_t)next);
	}
	return open_forged(ends, &wire, echo, opener);
}

static void lengths_of(struct ends *ends)
{
	static const uint16_t lengths[] = {0, 1, 0x3fff, 0x4000, 0x8000, 0xffff};
	bool is_2022 = ends->method->format == METHOD_2022;
	bool is_raw = ends->method->is_raw_after_header;
	uint8_t echo[CODEC_SALT_MAX] = {9};
	struct opener opener;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
		for (int is_answer = 0; is_answer < 2; is_answer++) {
			const uint8_t *salt = is_answer ? echo : NULL;
			uint16_t n = lengths[i];
			bool is_first = is_2022 ? n > 0 || is_answer : n > 0 && n <= 0x3fff;
			bool is_next = n > 0 && n <= (is_2022 ? 0xffff : 0x3fff);

			if (is_raw)
				is_first = is_answer ? n == 0 : n > 0;
			assert_int_equal(open_lengths(ends, salt, n, -1, &opener),
					 is_first ? 0 : -EPROTO);
			if (!is_first)
				assert_broken(&opener);
			if (is_raw)
				continue;
			assert_int_equal(open_lengths(ends, salt, 20, n, &opener),
					 is_next ? 0 : -EPROTO);
			if (!is_next)
				assert_broken(&opener);
		}
}

static void lengths_at_their_limits(void **state)
{
	each_method(lengths_of);
}

/* It never asks for more than it says, and takes nothing of another method or key. */
static void strangers_of(struct ends *ends)
{
	struct ends other;

	for (const struct method *method = method_table; method->name; method++) {
		struct exchange exchange;
		struct opener opener;

		if (method->format == METHOD_PLAIN)
			continue;
		ends_init(&other, method);
		if (method == ends->method)
			other.key[3] ^= 1;
		exchange_init(&exchange, &other);
		exchange.ends = ends;
		heap_put(&exchange.request, (uint8_t[64]){0}, 64);
		assert_int_equal(verdict(&exchange, true, STREAM_TIME_S, exchange.request.bytes,
					 exchange.request.n, &opener),
				 -EBADMSG);
		assert_broken(&opener);
		exchange_exit(&exchange);
		ends_exit(&other);
	}
}

static void another_key_or_method_is_a_stranger(void **state)
{
	each_method(strangers_of);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(an_end_is_none_inside_a_piece),
		cmocka_unit_test(a_reflected_or_foreign_answer_is_refused),
		cmocka_unit_test(thirty_seconds_and_no_more),
		cmocka_unit_test(types_and_times_at_their_limits),
		cmocka_unit_test(lengths_at_their_limits),
		cmocka_unit_test(another_key_or_method_is_a_stranger),
	};

	RUN_SUITE(tests);
}
