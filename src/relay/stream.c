/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forwarding by copying: socket -> buffer -> socket. */
#include "relay/stream.h"

#include <errno.h>
#include <sys/socket.h>

/* More at once was no faster. */
#define COPY_BYTES (64 << 10)

ssize_t stream_fill(struct lane *lane, int from_fd, const struct lane_pools *pools)
{
	ssize_t got;

	if (!lane->buffer)
		lane->buffer = buffer_borrow(pools->buffers);
	if (!lane->buffer)
		return -ENOMEM;
	got = recv(from_fd, lane->buffer->bytes, COPY_BYTES, MSG_DONTWAIT);
	if (got < 0)
		return -errno;
	buffer_put(lane->buffer, (size_t)got);
	return got;
}

ssize_t stream_drain(struct lane *lane, int to_fd)
{
	struct buffer *buffer = lane->buffer;
	struct iovec runs[BUFFER_RUNS];
	ssize_t gone = writev(to_fd, runs, buffer_runs(buffer, runs));

	if (gone < 0)
		return -errno;
	buffer_take(buffer, (size_t)gone);
	return gone;
}
