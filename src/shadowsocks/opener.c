/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening a stream: what came over the wire in, plain bytes out. Pure. */
#include "shadowsocks/opener.h"

#include "shadowsocks/layout.h"
#include "shadowsocks/wire.h"

#include <errno.h>
#include <string.h>

_Static_assert(OPENER_HEAD_MAX ==
		       CODEC_SALT_MAX + LAYOUT_RESPONSE_FIXED + CODEC_SALT_MAX + AEAD_TAG_BYTES,
	       "response");

static size_t salt_bytes(const struct opener *opener)
{
	return method_key_bytes(opener->codec->method);
}

static bool is_2022(const struct opener *opener)
{
	return opener->codec->method->format == METHOD_2022;
}

/* What follows the salt in HEAD, without its tag. */
static size_t head_bytes(const struct opener *opener)
{
	if (!is_2022(opener))
		return LAYOUT_LENGTH_BYTES;
	if (opener->codec->is_server)
		return LAYOUT_REQUEST_FIXED;
	return LAYOUT_RESPONSE_FIXED + salt_bytes(opener);
}

void opener_init(struct opener *opener, const struct codec *codec, const uint8_t *request_salt)
{
	*opener = (struct opener){.codec = codec, .state = OPENER_HEAD};
	if (request_salt)
		memcpy(opener->salt, request_salt, method_key_bytes(codec->method));
}

size_t opener_need(const struct opener *opener)
{
	switch (opener->state) {
	case OPENER_HEAD:
		return salt_bytes(opener) + head_bytes(opener) + AEAD_TAG_BYTES;
	case OPENER_LENGTH:
		return LAYOUT_CHUNK_FRONT;
	case OPENER_FIRST:
	case OPENER_PAYLOAD:
		return opener->length + AEAD_TAG_BYTES;
	case OPENER_RAW:
	case OPENER_BROKEN:
		break;
	}
	return 0;
}

/* Of a chunk, or of a request's variable header: there is no empty one. */
static int read_length(struct opener *opener, const uint8_t *at)
{
	opener->length = (uint32_t)wire_read(at, LAYOUT_LENGTH_BYTES);
	if (opener->length == 0 || (!is_2022(opener) && opener->length > LAYOUT_CHUNK_MAX_2017))
		return -EPROTO;
	return 0;
}

/* Of a response's first payload, which may be empty, and which auth-only does not have. */
static int read_response_length(struct opener *opener, const uint8_t *at)
{
	opener->length = (uint32_t)wire_read(at, LAYOUT_LENGTH_BYTES);
	return opener->length > 0 && opener->codec->method->is_raw_after_header ? -EPROTO : 0;
}

static bool is_in_time(uint64_t time_s, uint64_t now_s)
{
	uint64_t apart_s = time_s > now_s ? time_s - now_s : now_s - time_s;

	return apart_s <= LAYOUT_TIME_WINDOW_S;
}

static int check_fixed(struct opener *opener, uint64_t now_s, const uint8_t *at)
{
	enum layout_type type = opener->codec->is_server ? LAYOUT_REQUEST : LAYOUT_RESPONSE;

	if (*at++ != type)
		return -EPROTO;
	opener->time_s = wire_read(at, LAYOUT_TIME_BYTES);
	if (!is_in_time(opener->time_s, now_s))
		return -ETIME;
	at += LAYOUT_TIME_BYTES;
	if (type == LAYOUT_REQUEST)
		return read_length(opener, at);
	if (!crypto_equal(at, opener->salt, salt_bytes(opener)))
		return -EPROTO;
	return read_response_length(opener, at + salt_bytes(opener));
}

static int step_head(struct opener *opener, uint64_t now_s, uint8_t *wire)
{
	uint8_t *head = wire + salt_bytes(opener);
	int error = session_start(&opener->session, opener->codec, wire);

	if (error == 0)
		error = session_open(&opener->session, opener->codec, head, head_bytes(opener));
	if (error < 0)
		return error;
	if (opener->codec->is_server || !is_2022(opener))
		memcpy(opener->salt, wire, salt_bytes(opener));
	opener->state = OPENER_FIRST;
	return is_2022(opener) ? check_fixed(opener, now_s, head) : read_length(opener, head);
}

static int step_length(struct opener *opener, uint8_t *wire)
{
	int error = session_open(&opener->session, opener->codec, wire, LAYOUT_LENGTH_BYTES);

	if (error < 0)
		return error;
	opener->state = OPENER_PAYLOAD;
	return read_length(opener, wire);
}

static int step_payload(struct opener *opener, uint8_t *wire, struct opened *out)
{
	int error = session_open(&opener->session, opener->codec, wire, opener->length);

	if (error < 0)
		return error;
	*out = (struct opened){wire, opener->length};
	opener->state = opener->codec->method->is_raw_after_header ? OPENER_RAW : OPENER_LENGTH;
	return 0;
}

static int step(struct opener *opener, uint64_t now_s, uint8_t *wire, struct opened *out)
{
	switch (opener->state) {
	case OPENER_HEAD:
		return step_head(opener, now_s, wire);
	case OPENER_LENGTH:
		return step_length(opener, wire);
	case OPENER_FIRST:
	case OPENER_PAYLOAD:
		return step_payload(opener, wire, out);
	case OPENER_RAW:
	case OPENER_BROKEN:
		break;
	}
	return -EPROTO;
}

int opener_step(struct opener *opener, uint64_t now_s, uint8_t *wire, struct opened *out)
{
	int error;

	*out = (struct opened){wire, 0};
	error = step(opener, now_s, wire, out);
	if (error < 0)
		opener->state = OPENER_BROKEN;
	return error;
}

/* A server that has nothing to say does not even send a salt; but that of auth-only always does. */
bool opener_may_end(const struct opener *opener)
{
	switch (opener->state) {
	case OPENER_HEAD:
		return !opener->codec->is_server && !opener->codec->method->is_raw_after_header;
	case OPENER_LENGTH:
	case OPENER_RAW:
		return true;
	case OPENER_FIRST:
	case OPENER_PAYLOAD:
	case OPENER_BROKEN:
		break;
	}
	return false;
}
