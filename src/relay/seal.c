/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling a lane with payload that is sealed on the way. */
#include "relay/seal.h"

#include "base/time.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

/*
 * Theory of operation. A buffer is laid out as a row of pieces, each with room for its sealing in
 * front of the payload and behind it. One readv() fills them in order, and each is sealed where it
 * lies; together they are one run of bytes.
 *
 *   | front | payload | tag | front | payload | tag | ...
 */

/*
 * Three chunks of 2017, two pieces of 2022: longer pieces cost less, and let the far end wait
 * longer for the first of their bytes.
 */
#define PIECE_MAX (LANE_CIPHER_BYTES / 2 - SEALER_FRONT_MAX / 2)
#define PIECES	  3

/* With a request goes what its host has said by now; the rest can wait for the first chunk. */
#define EARLY_BYTES 4096

static struct buffer *get_buffer(struct lane *lane, const struct lane_pools *pools)
{
	if (!lane->buffer)
		lane->buffer = buffer_borrow(pools->buffers);
	return lane->buffer;
}

int seal_remember(const struct codec *codec, const uint8_t *salt, const struct lane_pools *pools)
{
	const struct method *method = codec->method;
	bool is_known =
		method->format != METHOD_2017 ||
		salts_remember(pools->salts, salt, method_key_bytes(method), time_since_boot_s());

	return is_known ? 0 : -ENOMEM;
}

static size_t lay_out(const struct sealer *sealer, struct buffer *buffer,
		      struct iovec piece[static PIECES])
{
	size_t front = sealer_front(sealer), most = sealer_payload_max(sealer), at = 0, n = 0;

	if (most > PIECE_MAX)
		most = PIECE_MAX;
	for (; n < PIECES && at + front + most + SEALER_BACK <= LANE_CIPHER_BYTES; n++) {
		piece[n] = (struct iovec){buffer->bytes + at + front, most};
		at += front + most + SEALER_BACK;
		front = SEALER_CHUNK_FRONT;
	}
	return n;
}

static int seal_piece(struct lane *lane, const struct iovec *piece, size_t n,
		      const struct lane_pools *pools)
{
	bool is_first = lane->sealer->state == SEALER_BEGIN;
	uint8_t *at = (uint8_t *)piece->iov_base - sealer_front(lane->sealer);
	ssize_t length = sealer_seal(lane->sealer, time_unix_s(), at, n);

	if (length < 0)
		return (int)length;
	if (is_first && seal_remember(lane->sealer->codec, at, pools) < 0)
		return -ENOMEM;
	buffer_put(lane->buffer, (size_t)length);
	return 0;
}

static ssize_t seal_pieces(struct lane *lane, const struct iovec *piece, size_t n_pieces,
			   size_t got, const struct lane_pools *pools)
{
	for (size_t i = 0; i < n_pieces && got > 0; i++) {
		size_t n = got < piece[i].iov_len ? got : piece[i].iov_len;
		int error = seal_piece(lane, &piece[i], n, pools);

		if (error < 0)
			return error;
		got -= n;
	}
	return (ssize_t)buffer_used(lane->buffer);
}

ssize_t seal_fill(struct lane *lane, int from_fd, const struct lane_pools *pools)
{
	struct buffer *buffer = get_buffer(lane, pools);
	struct iovec piece[PIECES];
	size_t n_pieces;
	ssize_t got;

	if (!buffer)
		return -ENOMEM;
	n_pieces = lay_out(lane->sealer, buffer, piece);
	got = readv(from_fd, piece, (int)n_pieces);
	if (got <= 0)
		return got < 0 ? -errno : 0;
	return seal_pieces(lane, piece, n_pieces, (size_t)got, pools);
}

/*
 * What the host has said by now goes with the request. An end will be read once more; an error is
 * told only once, and then looks like an end.
 */
static size_t read_early(struct lane *lane, const struct sealer *sealer, int from_fd, uint8_t *at)
{
	ssize_t got;

	if (sealer->codec->method->is_raw_after_header)
		return 0;
	got = recv(from_fd, at, EARLY_BYTES, MSG_DONTWAIT);
	if (got < 0 && errno != EAGAIN && errno != EINTR)
		lane->withholds_end = true;
	return got > 0 ? (size_t)got : 0;
}

int seal_request(struct lane *lane, struct sealer *sealer, int from_fd, const uint8_t *header,
		 size_t header_n, const struct lane_pools *pools)
{
	struct buffer *buffer = get_buffer(lane, pools);
	size_t early;
	ssize_t length;

	if (!buffer)
		return -ENOMEM;
	early = read_early(lane, sealer, from_fd,
			   buffer->bytes + sealer_request_front(sealer, header_n));
	length = sealer_request(sealer, time_unix_s(), header, header_n, buffer->bytes, early);
	if (length < 0)
		return (int)length;
	if (seal_remember(sealer->codec, buffer->bytes, pools) < 0)
		return -ENOMEM;
	buffer_put(buffer, (size_t)length);
	if (sealer->state != SEALER_RAW)
		lane_seal(lane, sealer);
	return 0;
}

int seal_response(struct lane *lane, struct sealer *sealer, const struct lane_pools *pools)
{
	struct buffer *buffer;
	ssize_t length;

	if (!sealer->codec->method->is_raw_after_header) {
		lane_seal(lane, sealer);
		return 0;
	}
	buffer = get_buffer(lane, pools);
	if (!buffer)
		return -ENOMEM;
	length = sealer_seal(sealer, time_unix_s(), buffer->bytes, 0);
	if (length < 0)
		return (int)length;
	buffer_put(buffer, (size_t)length);
	return 0;
}
