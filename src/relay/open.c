/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling a lane with payload that is opened on the way. */
#include "relay/open.h"

#include "base/time.h"
#include "relay/seal.h"

#include <errno.h>
#include <sys/socket.h>

/*
 * Theory of operation. What comes is opened where it lies, piece by piece; the plain bytes of each
 * become a run of the buffer, and the lengths and tags between them stay behind. A piece that has
 * not come whole waits, raw, until the runs have been drained; it is then moved to the buffer's
 * start. So a flow that stops in the middle of a piece keeps its buffer.
 *
 * Before raw bytes (auth-only) not one byte too many is read: those are for splice().
 */

bool open_is_over(const struct lane *lane)
{
	return lane->opener->state == OPENER_RAW;
}

/* A client's own request, or another recording, is no answer. A server has looked already. */
static int check_salt(const struct opener *opener, const struct lane_pools *pools)
{
	if (opener->codec->is_server || seal_remember(opener->codec, opener->salt, pools) == 0)
		return 0;
	return -EPROTO;
}

static int open_piece(struct lane *lane, const struct lane_pools *pools)
{
	struct buffer *buffer = lane->buffer;
	bool is_first = lane->opener->state == OPENER_HEAD;
	size_t need = opener_need(lane->opener);
	uint8_t *wire = buffer->bytes + buffer->raw;
	struct opened opened;
	int error = opener_step(lane->opener, time_unix_s(), wire, &opened);

	if (error == 0 && is_first)
		error = check_salt(lane->opener, pools);
	if (error == 0)
		buffer_open(buffer, need, (size_t)(opened.bytes - wire), opened.n);
	return error;
}

/* All pieces that have come whole. */
static int open_pieces(struct lane *lane, const struct lane_pools *pools)
{
	int error = 0;

	while (error == 0 && !open_is_over(lane) && buffer_has_run(lane->buffer) &&
	       buffer_raw(lane->buffer) >= opener_need(lane->opener))
		error = open_piece(lane, pools);
	return error;
}

/* As much as is opened and sent at once, or what a long piece lacks. */
static size_t room_for(const struct lane *lane)
{
	size_t room = buffer_room(lane->buffer);
	size_t missing = opener_need(lane->opener) - buffer_raw(lane->buffer);

	if (lane->opener->codec->method->is_raw_after_header || missing > LANE_CIPHER_BYTES)
		return missing;
	return room < LANE_CIPHER_BYTES ? room : LANE_CIPHER_BYTES;
}

/* > 0: more has come. */
static ssize_t read_more(struct lane *lane, int from_fd)
{
	struct buffer *buffer = lane->buffer;
	ssize_t got;

	if (buffer->raw > 0)
		buffer_compact(buffer);
	got = recv(from_fd, buffer->bytes + buffer->end, room_for(lane), MSG_DONTWAIT);
	if (got < 0)
		return -errno;
	if (got == 0)
		return opener_may_end(lane->opener) && buffer_raw(buffer) == 0 ? 0 : -EPROTO;
	buffer_put_raw(buffer, (size_t)got);
	return got;
}

/* An error is told after what came before it has been drained: then the piece is tried again. */
ssize_t open_fill(struct lane *lane, int from_fd, const struct lane_pools *pools)
{
	ssize_t got = 1;

	if (!lane->buffer)
		lane->buffer = buffer_borrow(pools->buffers);
	if (!lane->buffer)
		return -ENOMEM;
	while (got > 0) {
		int error = open_pieces(lane, pools);

		if (buffer_used(lane->buffer) > 0)
			return (ssize_t)buffer_used(lane->buffer);
		if (error < 0)
			return error;
		if (open_is_over(lane))
			return 0;
		got = read_more(lane, from_fd);
	}
	return got;
}
