/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lobby: a server's connections that have not yet shown who they are. */
#ifndef MPBRIDGE_LOBBY_H
#define MPBRIDGE_LOBBY_H

#include "base/address.h"
#include "base/list.h"

#include <stdint.h>

#define LOBBY_ROOMS 256

struct flow;

/* The peers of one room: by a hash of their address, for IPv6 of its first 64 bits. */
struct lobby_room {
	struct list flows; /* the oldest first */
	uint32_t n;
};

struct lobby {
	struct lobby_room room[LOBBY_ROOMS];
	uint32_t n;
	uint32_t most;
	uint64_t seed; /* of the hash: which peers share a room is not to be foreseen */
};

/* At most `most` connections (> 0) at a time. */
void lobby_init(struct lobby *lobby, uint32_t most, uint64_t seed);

/* Of a new flow. */
void lobby_init_flow(struct flow *flow);

/*
 * The flow of this peer waits. If that makes too many, the one that has waited longest in the
 * fullest room is ended with RST, unless its header is found to have come; it may be this one.
 */
void lobby_enter(struct flow *flow, const struct address *peer);

/* It waits no more. Harmless on one that did not. */
void lobby_leave(struct flow *flow);

#endif
