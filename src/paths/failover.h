/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Failover: what a client does about the health of its paths. */
#ifndef MPBRIDGE_FAILOVER_H
#define MPBRIDGE_FAILOVER_H

#include "paths/actor.h"
#include "paths/monitor.h"

struct failover {
	struct monitors monitors;
	uint64_t buffer_bytes; /* see guard_judge() */
	struct timer look;     /* at the guard, while flows move */
	struct actor *actor;
	const struct paths *paths;
	unsigned closings; /* of subflows that follow announcements, see leave() */
	/* Set by the owner. Something is new that is on the board; with is_new_state the kernel may
	 * have to hold something else now, too. */
	void (*on_change)(struct failover *failover, bool is_new_state);
	/* See monitors.on_new_instance. */
	void (*on_server_gone)(struct failover *failover, uint64_t gone_ms);
};

/* Of zeroes whose handlers are set. The actor and the paths, which the owner changes, outlive it.
 */
void failover_start(struct failover *failover, struct actor *actor, const struct paths *paths,
		    struct loop *loop, const struct board *board, uint16_t server_port);

/*
 * Marks each of the paths as down or as a backup, by its role, its health and the guard. Of paths
 * nobody watches (a server's, or before failover_start()) only the role counts.
 */
void failover_judge(struct failover *failover, struct paths *paths);

/* A flow has something to say of the path of this place. */
void failover_doubt(struct failover *failover, uint8_t place, enum doubt doubt);

/* Harmless on one that was not started. */
void failover_stop(struct failover *failover);

#endif
