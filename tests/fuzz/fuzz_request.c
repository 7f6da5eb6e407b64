/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A request of 2022 at a server: whatever a peer sends, with the key or without, it opens or
 * breaks.
 */
#include "stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const methods[] = {"2022-blake3-aes-256-gcm", "2022-blake3-aes-128-gcm",
				      "2022-blake3-chacha20-poly1305", NULL};

/* The first piece is the variable header, which is never empty. */
static void on_opened(const struct stream *stream, const struct opened *opened, bool is_first)
{
	assert(opened->n <= LAYOUT_CHUNK_MAX_2022);
	if (is_first)
		stream_check_header(METHOD_2022, opened->bytes, opened->n);
	(void)stream;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stream stream;
	struct opener opener;

	if (!stream_init(&stream, data, size, methods, true))
		return 0;
	stream_open(&stream, NULL, &opener, on_opened);
	assert(opener.state != OPENER_RAW);
	if (opener.state != OPENER_HEAD && opener.state != OPENER_BROKEN) {
		assert(opener.time_s >= STREAM_TIME_S - LAYOUT_TIME_WINDOW_S &&
		       opener.time_s <= STREAM_TIME_S + LAYOUT_TIME_WINDOW_S);
		assert(memcmp(opener.salt, stream.wire, method_key_bytes(stream.codec.method)) ==
		       0);
	}
	stream_exit(&stream);
	return 0;
}
