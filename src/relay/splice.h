/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Forwarding without copying: socket -> pipe -> socket. */
#ifndef MPBRIDGE_SPLICE_H
#define MPBRIDGE_SPLICE_H

#include "relay/lane.h"

#include <sys/types.h>

/*
 * Moves bytes from the socket into the lane's empty pipe, borrowing one. Returns how many; 0 at the
 * end of the stream; -EAGAIN; another -errno as read(2) has them; -EINVAL when this socket cannot
 * be spliced and -EMFILE when there is no pipe: the caller copies then.
 */
ssize_t splice_fill(struct lane *lane, int from_fd, const struct lane_pools *pools);

/* Moves bytes from the lane's pipe to the socket: how many, -EAGAIN, or another -errno. */
ssize_t splice_drain(struct lane *lane, int to_fd);

#endif
