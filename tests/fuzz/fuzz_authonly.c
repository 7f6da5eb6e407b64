/* SPDX-License-Identifier: GPL-3.0-or-later */
/* auth-only, both ways: the header opens or breaks, and not one byte of what is raw is asked for.
 */
#include "stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const methods[] = {"auth-only", NULL};

/* A server opens one piece alone, and a client none. */
static void on_opened(const struct stream *stream, const struct opened *opened, bool is_first)
{
	assert(stream->codec.is_server && is_first);
	stream_check_header(METHOD_2022, opened->bytes, opened->n);
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
	assert(opener.state != OPENER_LENGTH && opener.state != OPENER_PAYLOAD);
	if (opener.state == OPENER_RAW)
		assert(opener_may_end(&opener) && opener_need(&opener) == 0);
	stream_exit(&stream);
	return 0;
}
