/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The path manager: keeps the kernel's rules, routes and MPTCP endpoints as the links need them. */
#ifndef MPBRIDGE_MANAGER_H
#define MPBRIDGE_MANAGER_H

#include "base/loop.h"
#include "conf/conf.h"
#include "paths/audience.h"
#include "paths/board.h"
#include "paths/ledger.h"
#include "paths/report.h"
#include "paths/tables.h"
#include "shadowsocks/greeting.h"

struct manager;

/* What the manager of another program needs, to go on with what this one has put into the kernel.
 */
struct manager_handover {
	unsigned slot;
	int slot_fd; /* holds the slot; it stays the manager's until that is gone */
	struct tables tables;
	struct audience audience;  /* see audience_continue() */
	char ledger[LEDGER_BYTES]; /* of the endpoints and limits; see ledger.h */
};

/*
 * Claims a slot, sweeps up what a killed process left in this network namespace, reads links,
 * addresses and routes, programs what the configured or derived paths need, and publishes the paths
 * on the board. `conf` and `board` must outlive the manager. The reason of a failure has been
 * logged as one plain sentence; nothing is then left in the kernel. 0 or -errno.
 */
int manager_open(struct manager **out, const struct conf *conf, struct board *board);

/*
 * The same, but it goes on with the slot that the program which ran in this process before has
 * handed over, and with all that it has put into the kernel; nothing is swept.
 */
int manager_continue(struct manager **out, const struct conf *conf, struct board *board,
		     const struct manager_handover *from);

/* Writes what manager_continue() needs. 0 or -ENOSPC. */
int manager_hand_over(const struct manager *manager, struct manager_handover *out);

/*
 * Whether there could be paths by this configuration, as manager_open() asks, and which there would
 * be now; without a manager, and changing nothing. 0 or -errno, which has been logged. `out` may be
 * NULL.
 */
int manager_try(const struct conf *conf, struct paths *out);

/* Puts the manager's netlink events and timers into the loop: from now on changes are followed. */
int manager_start(struct manager *manager, struct loop *loop);

/*
 * Whether there can be paths by this configuration, as manager_open() asks. 0 or -errno, which has
 * been logged.
 */
int manager_check(struct manager *manager, const struct conf *conf);

/*
 * From now on the paths are those of another configuration of the same role, which is to outlive
 * it. What both have stays as it is in the kernel, and what is known of it.
 */
void manager_change(struct manager *manager, const struct conf *conf);

/*
 * Server: a permitted client reached us by this address of ours (without a port). The address is
 * then announced to every connection, the running ones included. Cheap when it is known already.
 */
void manager_witness(struct manager *manager, const struct address *local);

/*
 * Server: a permitted client has greeted us by this address of ours (without a port). `about` is
 * its own address, or with GREETING_LOST another one of ours, of which it has spoken.
 */
void manager_greeted(struct manager *manager, enum greeting_kind kind, const struct address *local,
		     const struct address *about);

/* Client: a flow has something to say of the path of this place. */
void manager_doubt(struct manager *manager, uint8_t place, enum doubt doubt);

/*
 * Closes the subflow between these two addresses, with their ports, if it is one between bridges:
 * what it has not got across goes by the others of its connection. Where the kernel cannot (without
 * CONFIG_INET_DIAG_DESTROY), or it is gone, nothing happens.
 */
void manager_close_subflow(struct manager *manager, const struct address *local,
			   const struct address *remote);

/* Client: whom to tell that a far router is another one than at gone_ms (CLOCK_MONOTONIC). */
void manager_on_peer_gone(struct manager *manager,
			  void (*on_peer_gone)(void *owner, uint8_t router, uint64_t gone_ms),
			  void *owner);

/* Fills in the paths that there are, and behind them those that are absent; their traffic is left
 * empty. Nothing is read anew for it. */
void manager_report(struct manager *manager, struct report *report);

/* Removes everything that it added, gives the limits back, and frees. NULL is allowed. */
void manager_close(struct manager *manager);

#endif
