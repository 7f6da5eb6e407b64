/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stream of 2017, which is the same both ways, and the address in the first of its chunks. */
#include "stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const methods[] = {"chacha20-ietf-poly1305", "aes-256-gcm", "aes-128-gcm", NULL};

/* What has been opened so far of the address, which may come in any number of chunks. */
static uint8_t header[HEADER_BYTES_MAX];
static size_t header_n;

static void on_opened(const struct stream *stream, const struct opened *opened, bool is_first)
{
	size_t room, n;

	assert(opened->n <= LAYOUT_CHUNK_MAX_2017);
	header_n = is_first ? 0 : header_n;
	room = sizeof(header) - header_n;
	n = opened->n < room ? opened->n : room;
	memcpy(header + header_n, opened->bytes, n);
	header_n += n;
	stream_check_header(METHOD_2017, header, header_n);
	(void)stream;
}

/* Bit 7 of the first byte: at the server, or at the client. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	bool is_server = size > 0 && data[0] >> 7;
	struct stream stream;
	struct opener opener;

	if (!stream_init(&stream, data, size, methods, is_server))
		return 0;
	stream_open(&stream, is_server ? NULL : stream_request_salt, &opener, on_opened);
	assert(opener.state != OPENER_RAW);
	if (opener.state != OPENER_HEAD && opener.state != OPENER_BROKEN)
		assert(memcmp(opener.salt, stream.wire, method_key_bytes(stream.codec.method)) ==
		       0);
	stream_exit(&stream);
	return 0;
}
