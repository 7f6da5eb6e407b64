/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A flow: one intercepted connection, from its accept to its end. */
#ifndef MPBRIDGE_FLOW_H
#define MPBRIDGE_FLOW_H

#include "base/address.h"
#include "base/list.h"
#include "base/loop.h"
#include "relay/headroom.h"
#include "relay/lane.h"
#include "relay/relay.h"

#include <stdbool.h>
#include <stdint.h>

/* The two sides of a flow: plain TCP towards a host, (MP)TCP towards the other router. */
enum flow_side { LAN, WAN, FLOW_SIDES };

/* clang-format off */
/*
 * A flow's life. On the client LAN is accepted and WAN is dialed; on the server the other way round.
 *
 *   state    what is read             what moves it
 *   HEADER   WAN, only peeked         server: header whole -> DIAL, or, with a name, RESOLVE; a
 *            until it is authentic    greeting, bad, late -> ENDED; not authentic -> REFUSED
 *   REFUSED  WAN, to forget it        the header's deadline, or the peer's end -> ENDED, always with
 *                                     RST: it does not learn what was wrong, nor where
 *   RESOLVE  nothing                  server: an address that may be tried -> DIAL; none is found,
 *                                     none is permitted, 10 s are over, WAN reset -> ENDED
 *   DIAL     nothing                  the first attempt that connects -> OPEN; the last one failed
 *                                     -> ENDED; the accepted side reset -> ENDED
 *   OPEN     both sides               both ends passed on -> ENDED; one reset -> DRAIN; idle -> ENDED
 *   DRAIN    the side that was        the other side has acknowledged all of it, or 10 s are over
 *            reset: what came before  -> ENDED, with RST to the other side
 *   ENDED    nothing: both are        the end of the event batch frees it
 *            closed
 */
/* clang-format on */
enum flow_state {
	FLOW_HEADER,
	FLOW_REFUSED,
	FLOW_RESOLVE,
	FLOW_DIAL,
	FLOW_OPEN,
	FLOW_DRAIN,
	FLOW_ENDED
};

/* The WAN side's full send buffer, see nudge.h. */
struct nudge {
	uint16_t look_ms;    /* how long the next look at it waits */
	bool has_extra_room; /* it was made larger for a moment */
};

/* The descriptors of a flow: its two sockets. */
#define FLOW_FDS 2

struct destination;
struct race;
struct dialog;

struct flow {
	struct list node;	  /* in relay->flows */
	struct list unblock_node; /* OPEN, DRAIN: among those that unblock.c looks at */
	struct list waiting;	  /* HEADER, REFUSED: in its room of the lobby */
	struct lobby_room *lobby_room;
	struct relay *relay;
	struct destination *destination; /* server: a target's name, until it is reached; or NULL */
	struct side side[FLOW_SIDES];
	struct lane lane[FLOW_SIDES]; /* by its source: lane[LAN] goes from LAN to WAN */
	struct task task;	      /* goes on after a fair turn, or frees */
	struct timer timer;	      /* of the state: its deadline, or the next look */
	uint64_t began_ms;	      /* it was accepted */
	uint64_t since_ms;	      /* OPEN: the last byte moved. Others: the state began */
	struct address target;	      /* where the host wants to go, with port */
	struct address source;	      /* server: the host, if its address is shown; or family 0 */
	enum flow_state state;
	bool is_counted;      /* see flow_count() */
	uint16_t paths_tried; /* DIAL on the client: a bit for the place of each path */
	struct nudge nudge;
	struct headroom headroom; /* of the WAN side's send buffer */
	uint64_t held_ms;	  /* OPEN: when settling began to hold the lane; 0: not yet */
	struct dialog *dialog;	  /* its ciphers; NULL: not yet, or the method has none */
	struct race *race;	  /* DIAL: attempts beside the first; NULL: none were made */
	uint64_t dialed_ms;	  /* client: when the far router was reached; 0: not yet */
	uint8_t router;		  /* client: which one it was */
	bool is_direct;		  /* client: plain TCP to the target, nothing is bridged */
	bool is_mute;		  /* client: the kernel tells nothing of its subflows */
	bool is_witness;	  /* client: its subflows are looked at, see evidence.h */
	bool is_dry;		  /* DRAIN: all that the failed side sent has been passed on */
	bool is_gone;		  /* DRAIN: the failed side will not say that it has ended */
	uint8_t failed;		  /* DRAIN: the side that was reset */
};

/* What epoll, the timers and the loop call; dispatch.c has them. */
struct flow_handlers {
	void (*on_lan_event)(struct watch *watch, uint32_t events);
	void (*on_wan_event)(struct watch *watch, uint32_t events);
	void (*on_timer)(struct timer *timer);
	void (*on_task)(struct task *task);
};

/* A flow without sockets, counted among the relay's. NULL when there is no memory. */
struct flow *flow_new(struct relay *relay, const struct flow_handlers *handlers);

/* It carries payload somewhere, or is about to: from now on it is one of those that are told of. */
void flow_count(struct flow *flow);

/* From the task of an ended flow: frees it, and gives its descriptors back to the budget. */
void flow_free(struct flow *flow);

/* Ends a flow with RST to both sides. It is freed after the event batch. Harmless on an ended one.
 */
void flow_abort(struct flow *flow);

/*
 * Ends a flow in order: what the kernel still holds is delivered, and no side is reset. For a flow
 * whose both directions have ended, or that never had a second side.
 */
void flow_end(struct flow *flow);

/* For the states' files: enters `state`, whose timer expires after due_in_ms. */
void flow_set_state(struct flow *flow, enum flow_state state, uint64_t due_in_ms);

/* Which side was accepted, and which is dialed. */
enum flow_side flow_accepted_side(const struct flow *flow);
enum flow_side flow_dialed_side(const struct flow *flow);
enum flow_side flow_other_side(enum flow_side side);

#endif
