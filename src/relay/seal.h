/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Filling a lane with payload that is sealed on the way. */
#ifndef MPBRIDGE_SEAL_H
#define MPBRIDGE_SEAL_H

#include "relay/lane.h"

#include <sys/types.h>

/*
 * Reads payload into the lane's buffer, which is empty or not there yet, and seals it. Returns how
 * much there is to drain now; 0 at the source's end; -errno.
 */
ssize_t seal_fill(struct lane *lane, int from_fd, const struct lane_pools *pools);

/*
 * The request of a client's lane, with the payload that has come from its host by now, becomes what
 * the lane has to drain; what follows is sealed, or raw. `header` is the target's (target.h). 0 or
 * -errno.
 */
int seal_request(struct lane *lane, struct sealer *sealer, int from_fd, const uint8_t *header,
		 size_t header_n, const struct lane_pools *pools);

/*
 * A server's lane seals what it reads. With auth-only it begins with the response's header, which
 * becomes what it has to drain, and the rest is raw. 0 or -errno.
 */
int seal_response(struct lane *lane, struct sealer *sealer, const struct lane_pools *pools);

/*
 * 2017: a stream says neither in which direction it goes nor when it was made. So whoever makes
 * one, or takes one for an answer, remembers its salt, and does not take it when it comes again.
 * Other methods: nothing. 0, or -ENOMEM: it is known already, or there is no room for it, and the
 * stream must not be used.
 */
int seal_remember(const struct codec *codec, const uint8_t *salt, const struct lane_pools *pools);

#endif
