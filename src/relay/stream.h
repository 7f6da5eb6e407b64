/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forwarding by copying: socket -> buffer -> socket. */
#ifndef MPBRIDGE_STREAM_H
#define MPBRIDGE_STREAM_H

#include "relay/lane.h"

#include <sys/types.h>

/*
 * Reads from the socket into the lane's empty buffer, borrowing one. Returns how many bytes; 0 at
 * the end of the stream; -EAGAIN, -ENOMEM, or another -errno.
 */
ssize_t stream_fill(struct lane *lane, int from_fd, const struct lane_pools *pools);

/* Writes from the lane's buffer to the socket: how many bytes, -EAGAIN, or another -errno. */
ssize_t stream_drain(struct lane *lane, int to_fd);

#endif
