/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the fuzzers of streams have in common: from bytes to a wire, and from the wire opened. */
#ifndef MPBRIDGE_FUZZ_STREAM_H
#define MPBRIDGE_FUZZ_STREAM_H

#include "shadowsocks/header.h"
#include "shadowsocks/layout.h"
#include "shadowsocks/opener.h"
#include "shadowsocks/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STREAM_TIME_S 1700000000

/*
 * An input's first byte:
 *   bit 0     1: what follows is the wire, as it is
 *             0: a row of pieces, each with its length in two bytes, which are sealed here: that
 *                gets past the tags, so what is fuzzed is what a peer with the key can do
 *   bits 1-   which method
 * Key and salts are always the same.
 */
static uint8_t stream_key[AEAD_KEY_MAX] = "a key that everybody knows......";
static uint8_t stream_salt[CODEC_SALT_MAX] = "the salt of each stream.........";
static uint8_t stream_request_salt[CODEC_SALT_MAX] = "the salt of the request.........";

struct stream {
	struct codec codec;
	uint8_t *wire;
	size_t n;
	bool is_sealed; /* here */
};

/* A piece, sealed, behind the wire. */
static inline void stream_put(struct stream *stream, struct session *session, const uint8_t *bytes,
			      size_t n)
{
	uint8_t *at = stream->wire + stream->n;

	memcpy(at, bytes, n);
	assert(session_seal(session, &stream->codec, at, n) == 0);
	stream->n += n + AEAD_TAG_BYTES;
}

/* Reads pieces; what is left at the end is put as it is, as of a piece that was cut. */
static inline void stream_seal(struct stream *stream, const uint8_t *data, size_t size)
{
	struct session session;

	stream->n = method_key_bytes(stream->codec.method);
	memcpy(stream->wire, stream_salt, stream->n);
	assert(session_start(&session, &stream->codec, stream_salt) == 0);
	while (size >= 2) {
		size_t n = wire_read(data, 2);

		n = n < size - 2 ? n : size - 2;
		stream_put(stream, &session, data + 2, n);
		data += 2 + n;
		size -= 2 + n;
	}
	memcpy(stream->wire + stream->n, data, size);
	stream->n += size;
}

/* Of an input; `methods` ends with NULL. False: there is nothing to be had from it. */
static inline bool stream_init(struct stream *stream, const uint8_t *data, size_t size,
			       const char *const *methods, bool is_server)
{
	unsigned count = 0;

	while (methods[count])
		count++;
	if (size < 1)
		return false;
	assert(crypto_init() == 0);
	assert(codec_init(&stream->codec, method_find(methods[(data[0] >> 1) % count]), stream_key,
			  is_server) == 0);
	stream->is_sealed = !(data[0] & 1);
	stream->n = size - 1;
	/* a piece takes two bytes at least, and grows by no more than its tag */
	stream->wire = malloc(CODEC_SALT_MAX + size * (1 + AEAD_TAG_BYTES / 2));
	assert(stream->wire);
	if (stream->is_sealed)
		stream_seal(stream, data + 1, size - 1);
	else
		memcpy(stream->wire, data + 1, size - 1);
	return true;
}

static inline void stream_exit(struct stream *stream)
{
	codec_exit(&stream->codec);
	free(stream->wire);
}

/* What a test does with each piece; `is_first`: it is the first that brought anything. */
typedef void stream_on_opened(const struct stream *stream, const struct opened *opened,
			      bool is_first);

static inline void stream_check_broken(struct opener *opener)
{
	struct opened opened;
	uint8_t byte = 0;

	assert(opener->state == OPENER_BROKEN && opener_need(opener) == 0);
	assert(opener_step(opener, STREAM_TIME_S, &byte, &opened) == -EPROTO && opened.n == 0);
	assert(!opener_may_end(opener));
}

/* One step in a block of its own, which ASan watches. Whether there may be another. */
static inline bool stream_step(const struct stream *stream, struct opener *opener,
			       const uint8_t *wire, size_t need, stream_on_opened *on_opened,
			       bool *is_first)
{
	uint8_t *step = malloc(need);
	struct opened opened;
	int error;

	assert(step && need <= OPENER_NEED_MAX);
	memcpy(step, wire, need);
	error = opener_step(opener, STREAM_TIME_S, step, &opened);
	assert(error == 0 || error == -EBADMSG || error == -EPROTO || error == -ETIME);
	assert(opened.bytes >= step && opened.bytes + opened.n <= step + need);
	if (error == 0 && opened.n > 0) {
		on_opened(stream, &opened, *is_first);
		*is_first = false;
	} else if (error < 0) {
		assert(opened.n == 0);
		stream_check_broken(opener);
	}
	free(step);
	return error == 0;
}

/* Opens the wire to its end, or to the first fault. */
static inline void stream_open(const struct stream *stream, const uint8_t *request_salt,
			       struct opener *opener, stream_on_opened *on_opened)
{
	size_t at = 0, need;
	bool is_first = true;

	opener_init(opener, &stream->codec, request_salt);
	while ((need = opener_need(opener)) > 0 && need <= stream->n - at) {
		if (!stream_step(stream, opener, stream->wire + at, need, on_opened, &is_first))
			return;
		at += need;
	}
	if (opener->state == OPENER_RAW)
		assert(stream->codec.method->is_raw_after_header);
}

/* A header at the start of `bytes`, and nothing that a shorter one could be taken for. */
static inline void stream_check_header(enum method_format format, const uint8_t *bytes, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	struct target target;
	ssize_t length;

	assert(copy);
	memcpy(copy, bytes, n);
	length = header_parse(format, copy, n, &target);
	assert(length == -EPROTO || (length >= 0 && (size_t)length <= n));
	if (length > 0)
		assert(target.address.port != 0);
	if (format == METHOD_2022)
		assert(length != 0);
	free(copy);
}

#endif
