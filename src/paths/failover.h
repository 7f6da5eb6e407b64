/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Failover: what a client does about the health of its paths. */
#ifndef MPBRIDGE_FAILOVER_H
#define MPBRIDGE_FAILOVER_H

#include "conf/conf.h"
#include "paths/actor.h"
#include "paths/election.h"
#include "paths/monitor.h"

struct failover {
	struct monitors monitors;
	uint64_t buffer_bytes; /* see guard_judge() */
	struct election election;
	struct timer look;  /* at the guard, while flows move */
	struct timer again; /* when to go back to a preferred far router */
	unsigned in_use;    /* a bit for each far router that had connections at the last look */
	struct actor *actor;
	const struct paths *paths;
	/* When subflows that follow announcements were closed, the last of them; a ring. See
	 * retreat_leave(). */
	uint64_t closing_ms[MPTCP_PM_MOST];
	unsigned n_closings;
	/* Set by the owner. */
	const struct conf *conf;
	/* Something is new that is on the board; with is_new_state the kernel may
	 * have to hold something else now, too. */
	void (*on_change)(struct failover *failover, bool is_new_state);
	/* See monitors.on_new_instance. */
	void (*on_server_gone)(struct failover *failover, uint8_t router, uint64_t gone_ms);
};

/* Of zeroes whose configuration and handlers are set. The actor and the paths, which the owner
 * changes, outlive it.
 */
void failover_start(struct failover *failover, struct actor *actor, const struct paths *paths,
		    struct loop *loop, const struct board *board, uint16_t server_port);

/*
 * Marks each of the paths as down or as a backup, by its role, its health and the guard, and as on
 * standby or in use, by its far router; another router may become the active one by that. Of paths
 * nobody watches (a server's, or before failover_start()) only the role counts. Of those to one
 * router that work, some are no backups: those that are neither configured as one nor guarded nor
 * left to others; if there are none, the configured ones; if there are none of them, the rest.
 */
void failover_judge(struct failover *failover, struct paths *paths);

/* The far router that new connections go to. */
unsigned failover_active(const struct failover *failover);

bool failover_is_active(const struct failover *failover, const struct monitor *monitor);

/*
 * Whether connections to the router are open, or closed so lately that the kernel may still deliver
 * what they sent last. With one router alone it does not matter when they are.
 */
bool failover_is_in_use(const struct failover *failover, unsigned router);

/* The path that the monitor watches. NULL: it is absent, or the place is free. */
const struct path *failover_path_of(struct failover *failover, const struct monitor *monitor);

/* A flow has something to say of the path of this place. */
void failover_doubt(struct failover *failover, uint8_t place, enum doubt doubt);

/* Harmless on one that was not started. */
void failover_stop(struct failover *failover);

/* Another configuration, of the same role; monitors of paths that stay go on. */
void failover_change(struct failover *failover, const struct conf *conf);

#endif
