/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealing a stream: plain bytes in, what goes over the wire out. Pure, but for salts and padding.
 */
#include "shadowsocks/sealer.h"

#include "shadowsocks/wire.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

/*
 * Theory of operation. Payload is sealed where it lies, so nothing is copied: the caller leaves
 * room in front of it, which depends on the state, and behind it.
 */

_Static_assert(SEALER_FRONT_MAX >= CODEC_SALT_MAX + LAYOUT_REQUEST_FIXED + AEAD_TAG_BYTES +
					   TARGET_HEADER_BYTES + LAYOUT_LENGTH_BYTES,
	       "request");

void sealer_init(struct sealer *sealer, const struct codec *codec, const uint8_t *request_salt)
{
	*sealer = (struct sealer){.codec = codec};
	if (request_salt)
		memcpy(sealer->request_salt, request_salt, method_key_bytes(codec->method));
}

static size_t salt_bytes(const struct sealer *sealer)
{
	return method_key_bytes(sealer->codec->method);
}

static bool is_2022(const struct sealer *sealer)
{
	return sealer->codec->method->format == METHOD_2022;
}

size_t sealer_payload_max(const struct sealer *sealer)
{
	return is_2022(sealer) ? LAYOUT_CHUNK_MAX_2022 : LAYOUT_CHUNK_MAX_2017;
}

size_t sealer_front(const struct sealer *sealer)
{
	switch (sealer->state) {
	case SEALER_BEGIN:
		if (is_2022(sealer))
			return salt_bytes(sealer) + LAYOUT_RESPONSE_FIXED + salt_bytes(sealer) +
			       AEAD_TAG_BYTES;
		return salt_bytes(sealer) + LAYOUT_CHUNK_FRONT;
	case SEALER_CHUNKS:
		return LAYOUT_CHUNK_FRONT;
	case SEALER_RAW:
		break;
	}
	return 0;
}

size_t sealer_request_front(const struct sealer *sealer, size_t header_n)
{
	size_t front = salt_bytes(sealer) + header_n + AEAD_TAG_BYTES;

	if (is_2022(sealer))
		return front + LAYOUT_REQUEST_FIXED + LAYOUT_LENGTH_BYTES;
	return front + LAYOUT_LENGTH_BYTES;
}

/* A new salt at `at`, and the session that it makes. Its length, or -errno. */
static ssize_t begin(struct sealer *sealer, uint8_t *at)
{
	size_t n = salt_bytes(sealer);
	int error = crypto_random(at, n);

	if (error == 0)
		error = session_start(&sealer->session, sealer->codec, at);
	if (error < 0)
		return error;
	sealer->state = sealer->codec->method->is_raw_after_header ? SEALER_RAW : SEALER_CHUNKS;
	return (ssize_t)n;
}

/* n bytes that are at `at` already. Their length with the tag, or -errno. */
static ssize_t seal(struct sealer *sealer, uint8_t *at, size_t n)
{
	int error = session_seal(&sealer->session, sealer->codec, at, n);

	return error < 0 ? error : (ssize_t)(n + AEAD_TAG_BYTES);
}

/* A chunk whose n bytes of payload are at `at` + LAYOUT_CHUNK_FRONT. */
static ssize_t seal_chunk(struct sealer *sealer, uint8_t *at, size_t n)
{
	ssize_t front, rest;

	assert(n <= sealer_payload_max(sealer));
	wire_write(at, LAYOUT_LENGTH_BYTES, n);
	front = seal(sealer, at, LAYOUT_LENGTH_BYTES);
	if (front < 0)
		return front;
	rest = seal(sealer, at + front, n);
	return rest < 0 ? rest : front + rest;
}

/* 1 to LAYOUT_PADDING_MAX bytes, which are no secret: their number is. Returns it, or -errno. */
static ssize_t write_padding(uint8_t *at)
{
	uint16_t number;
	int error = crypto_random(&number, sizeof(number));

	if (error < 0)
		return error;
	number = (uint16_t)(1 + number % LAYOUT_PADDING_MAX);
	memset(at, 0, number);
	return number;
}

static size_t write_fixed(const struct sealer *sealer, enum layout_type type, uint64_t now_s,
			  size_t length, uint8_t *at)
{
	uint8_t *start = at;

	*at++ = (uint8_t)type;
	wire_write(at, LAYOUT_TIME_BYTES, now_s);
	at += LAYOUT_TIME_BYTES;
	if (type == LAYOUT_RESPONSE) {
		memcpy(at, sealer->request_salt, salt_bytes(sealer));
		at += salt_bytes(sealer);
	}
	wire_write(at, LAYOUT_LENGTH_BYTES, length);
	return (size_t)(at - start) + LAYOUT_LENGTH_BYTES;
}

/* The fixed header, then `n` bytes that are behind it already. The length of both, or -errno. */
static ssize_t seal_headers(struct sealer *sealer, enum layout_type type, uint64_t now_s,
			    uint8_t *at, size_t n)
{
	ssize_t fixed = seal(sealer, at, write_fixed(sealer, type, now_s, n, at)), rest;

	if (fixed < 0)
		return fixed;
	rest = seal(sealer, at + fixed, n);
	return rest < 0 ? rest : fixed + rest;
}

/* Behind the salt. */
static ssize_t seal_request_2022(struct sealer *sealer, uint64_t now_s, const uint8_t *header,
				 size_t header_n, uint8_t *at, size_t n)
{
	uint8_t *variable = at + LAYOUT_REQUEST_FIXED + AEAD_TAG_BYTES;
	uint8_t *padding = variable + header_n + LAYOUT_LENGTH_BYTES;
	ssize_t padded = n > 0 ? 0 : write_padding(padding);

	if (padded < 0)
		return padded;
	memcpy(variable, header, header_n);
	wire_write(variable + header_n, LAYOUT_LENGTH_BYTES, (uint64_t)padded);
	return seal_headers(sealer, LAYOUT_REQUEST, now_s, at,
			    header_n + LAYOUT_LENGTH_BYTES + (size_t)padded + n);
}

static ssize_t seal_request_2017(struct sealer *sealer, const uint8_t *header, size_t header_n,
				 uint8_t *at, size_t n)
{
	memcpy(at + LAYOUT_CHUNK_FRONT, header, header_n);
	return seal_chunk(sealer, at, header_n + n);
}

ssize_t sealer_request(struct sealer *sealer, uint64_t now_s, const uint8_t *header,
		       size_t header_n, uint8_t *at, size_t n)
{
	ssize_t salt, rest;

	assert(sealer->state == SEALER_BEGIN && !sealer->codec->is_server);
	salt = begin(sealer, at);
	if (salt < 0)
		return salt;
	memcpy(sealer->request_salt, at, (size_t)salt);
	if (is_2022(sealer))
		rest = seal_request_2022(sealer, now_s, header, header_n, at + salt, n);
	else
		rest = seal_request_2017(sealer, header, header_n, at + salt, n);
	return rest < 0 ? rest : salt + rest;
}

ssize_t sealer_seal(struct sealer *sealer, uint64_t now_s, uint8_t *at, size_t n)
{
	ssize_t salt, rest;

	assert(sealer->state != SEALER_RAW);
	if (sealer->state == SEALER_CHUNKS)
		return seal_chunk(sealer, at, n);
	assert(sealer->codec->is_server);
	salt = begin(sealer, at);
	if (salt < 0)
		return salt;
	if (is_2022(sealer))
		rest = seal_headers(sealer, LAYOUT_RESPONSE, now_s, at + salt, n);
	else
		rest = seal_chunk(sealer, at + salt, n);
	return rest < 0 ? rest : salt + rest;
}
