/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forwarding without copying: socket -> pipe -> socket. */
#include "relay/splice.h"

#include <errno.h>
#include <fcntl.h>

/*
 * Theory of operation. The pipe is empty before it is filled, so EAGAIN from the first call means
 * that the socket is empty, never that the pipe is full. It is filled in pieces, as long as each is
 * a full one:
 *
 * - Splicing from an MPTCP socket (before kernel 7.0: copy_splice_read() in fs/splice.c) first
 *   allocates pages for all that was asked, so the lane asks for about what came last time.
 * - It then copies with the connection locked, and what arrives meanwhile is acknowledged by TCP
 *   without a new DATA_ACK, which nothing makes up for. When a whole send buffer arrives within
 *   one call, the sender is stuck until MPTCP's own timer (200 ms, see nudge.c). A short call makes
 *   that rarer.
 */

#define WANT_MIN (16 << 10)
#define WANT_MAX (256 << 10)

/* `got` is what the whole filling brought. */
static void adapt_want(struct lane *lane, uint32_t got)
{
	if (got >= lane->want && lane->want < WANT_MAX)
		lane->want *= 2;
	else if (got < lane->want / 4 && lane->want > WANT_MIN)
		lane->want /= 2;
}

static ssize_t fill_piece(struct lane *lane, int from_fd)
{
	ssize_t got = splice(from_fd, NULL, lane->pipe->write_fd, NULL, lane->want,
			     SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (got < 0)
		return -errno;
	lane->in_pipe += (uint32_t)got;
	return got;
}

ssize_t splice_fill(struct lane *lane, int from_fd, const struct lane_pools *pools)
{
	ssize_t got;

	if (!lane->pipe)
		lane->pipe = pipe_borrow(pools->pipes);
	if (!lane->pipe)
		return -EMFILE;
	do {
		got = fill_piece(lane, from_fd);
	} while (got == (ssize_t)lane->want && lane->in_pipe + lane->want <= PIPE_BYTES &&
		 lane->bytes + lane->in_pipe < lane->most);
	if (lane->in_pipe == 0)
		return got;
	adapt_want(lane, lane->in_pipe);
	/* an end will be read once more; an error is told only once, and then looks like an end */
	if (got < 0 && got != -EAGAIN && got != -EINTR)
		lane->withholds_end = true;
	return (ssize_t)lane->in_pipe;
}

ssize_t splice_drain(struct lane *lane, int to_fd)
{
	ssize_t gone = splice(lane->pipe->read_fd, NULL, to_fd, NULL, lane->in_pipe,
			      SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	if (gone < 0)
		return -errno;
	lane->in_pipe -= (uint32_t)gone;
	return gone;
}
