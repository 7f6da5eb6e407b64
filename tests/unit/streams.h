/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Both ends of a stream, each with its codec, and what one says to the other. */
#ifndef MPBRIDGE_STREAMS_H
#define MPBRIDGE_STREAMS_H

#include "shadowsocks/codec.h"
#include "shadowsocks/header.h"
#include "shadowsocks/key.h"
#include "shadowsocks/layout.h"
#include "shadowsocks/opener.h"
#include "shadowsocks/sealer.h"
#include "shadowsocks/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_TIME_S 1700000000

/* 10.10.2.2 port 80 */
static const uint8_t stream_header[] = {1, 10, 10, 2, 2, 0, 80};

struct ends {
	const struct method *method;
	uint8_t key[AEAD_KEY_MAX];
	struct codec client, server;
};

static inline void ends_init(struct ends *ends, const struct method *method)
{
	ends->method = method;
	memset(ends->key, 'k', sizeof(ends->key));
	assert_int_equal(crypto_init(), 0);
	assert_int_equal(codec_init(&ends->client, method, ends->key, false), 0);
	assert_int_equal(codec_init(&ends->server, method, ends->key, true), 0);
}

static inline void ends_exit(struct ends *ends)
{
	codec_exit(&ends->client);
	codec_exit(&ends->server);
}

/* Calls the test with each method that has a cipher. */
static inline void each_method(void (*test)(struct ends *ends))
{
	struct ends ends;

	for (const struct method *method = method_table; method->name; method++) {
		if (method->format == METHOD_PLAIN)
			continue;
		ends_init(&ends, method);
		test(&ends);
		ends_exit(&ends);
	}
}

/* Bytes that a test collects, on the wire or opened. */
struct heap {
	uint8_t *bytes;
	size_t n;
};

static inline void heap_put(struct heap *heap, const void *bytes, size_t n)
{
	heap->bytes = realloc(heap->bytes, heap->n + n + 1);
	assert_non_null(heap->bytes);
	if (n > 0)
		memcpy(heap->bytes + heap->n, bytes, n);
	heap->n += n;
}

static inline void heap_free(struct heap *heap)
{
	free(heap->bytes);
	*heap = (struct heap){0};
}

/* A request with n bytes of payload, appended to the wire. */
static inline void put_request(struct sealer *sealer, struct heap *wire, const void *payload,
			       size_t n)
{
	size_t front = sealer_request_front(sealer, sizeof(stream_header));
	uint8_t *at = malloc(front + n + SEALER_BACK_MAX);
	ssize_t length;

	assert_non_null(at);
	if (n > 0)
		memcpy(at + front, payload, n);
	length = sealer_request(sealer, STREAM_TIME_S, stream_header, sizeof(stream_header), at, n);
	assert_true(length > 0);
	heap_put(wire, at, (size_t)length);
	free(at);
}

/* The next piece of n bytes, raw where the method has come to that. */
static inline void put_piece(struct sealer *sealer, struct heap *wire, const void *payload,
			     size_t n)
{
	size_t front = sealer_front(sealer);
	uint8_t *at;
	ssize_t length;

	if (sealer->state == SEALER_RAW) {
		heap_put(wire, payload, n);
		return;
	}
	at = malloc(front + n + SEALER_BACK);
	assert_non_null(at);
	if (n > 0)
		memcpy(at + front, payload, n);
	length = sealer_seal(sealer, STREAM_TIME_S, at, n);
	assert_true(length > 0);
	heap_put(wire, at, (size_t)length);
	free(at);
}

/* Where auth-only begins with a header of its own. */
static inline void put_response_head(struct sealer *sealer, struct heap *wire)
{
	if (sealer->codec->method->is_raw_after_header)
		put_piece(sealer, wire, NULL, 0);
}

/*
 * Opens a copy of the wire, with each step in a block of its own, as long as there is enough; raw
 * bytes go over as they are. What opens is appended. 0, or what the first bad step returned.
 */
static inline int open_at(struct opener *opener, uint64_t now_s, const uint8_t *wire, size_t n,
			  struct heap *plain)
{
	size_t need;

	while ((need = opener_need(opener)) > 0 && need <= n) {
		uint8_t *step = malloc(need);
		struct opened opened;
		int error;

		assert_non_null(step);
		memcpy(step, wire, need);
		error = opener_step(opener, now_s, step, &opened);
		if (error == 0)
			heap_put(plain, opened.bytes, opened.n);
		free(step);
		if (error < 0)
			return error;
		wire += need;
		n -= need;
	}
	if (opener->state == OPENER_RAW)
		heap_put(plain, wire, n);
	return 0;
}

static inline int open_all(struct opener *opener, const struct heap *wire, struct heap *plain)
{
	return open_at(opener, STREAM_TIME_S, wire->bytes, wire->n, plain);
}

#endif
