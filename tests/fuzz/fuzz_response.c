/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A response of 2022 at a client: it opens or breaks, and answers this request or breaks. */
#include "stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const methods[] = {"2022-blake3-aes-256-gcm", "2022-blake3-aes-128-gcm",
				      "2022-blake3-chacha20-poly1305", NULL};

static void on_opened(const struct stream *stream, const struct opened *opened, bool is_first)
{
	assert(opened->n <= LAYOUT_CHUNK_MAX_2022);
	(void)stream;
	(void)is_first;
}

/* The salt that is given back stands behind type and time in the first piece. */
static void assert_echo(const struct stream *stream, const uint8_t *data, size_t size)
{
	size_t n = method_key_bytes(stream->codec.method);
	const uint8_t *echo = data + 1 + 2 + 1 + LAYOUT_TIME_BYTES;

	assert(echo + n <= data + size);
	assert(memcmp(echo, stream_request_salt, n) == 0);
	assert(data[3] == LAYOUT_RESPONSE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream stream;
	struct opener opener;

	if (!stream_init(&stream, data, size, methods, false))
		return 0;
	stream_open(&stream, stream_request_salt, &opener, on_opened);
	assert(opener.state != OPENER_RAW);
	if (stream.is_sealed && opener.state != OPENER_HEAD && opener.state != OPENER_BROKEN)
		assert_echo(&stream, data, size);
	stream_exit(&stream);
	return 0;
}
