/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling a lane with payload that is opened on the way. */
#ifndef MPBRIDGE_OPEN_H
#define MPBRIDGE_OPEN_H

#include "relay/lane.h"

#include <stdbool.h>
#include <sys/types.h>

/*
 * Reads what was sealed into the lane's buffer, which has nothing to drain, and opens it. Returns
 * how much there is to drain now; 0 at the source's end, or when what follows is raw (see
 * open_is_over()); -EAGAIN; or -errno, where -EPROTO, -EBADMSG and -ETIME are those of
 * opener_step(), and -EPROTO is an end in the wrong place, too.
 */
ssize_t open_fill(struct lane *lane, int from_fd, const struct lane_pools *pools);

/* Whether all that was sealed has been opened: the lane goes on with raw bytes. */
bool open_is_over(const struct lane *lane);

#endif
