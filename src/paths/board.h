/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The board: memory that supervisor and workers share. */
#ifndef MPBRIDGE_BOARD_H
#define MPBRIDGE_BOARD_H

#include "base/address.h"
#include "base/shared64.h"
#include "conf/conf.h"
#include "paths/health.h"
#include "paths/spare.h"

#include <net/if.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BOARD_PATHS_MAX	  8
#define BOARD_NETS_MAX	  128
#define BOARD_PLACES	  16  /* of paths; see board_path.place */
#define BOARD_WORKERS_MAX 128 /* of all generations together */

/*
 * Theory of operation. The supervisor alone writes the table: what the paths are, and which
 * addresses this router has. There are two of it, in turn (turns.h), so that a whole one can be
 * read at any moment. Each worker alone writes its own counters; others only read them.
 */

/* A path as a dialing worker needs it. */
struct board_path {
	char interface[IF_NAMESIZE];
	uint32_t ifindex;
	struct address server; /* client: where to dial over this path; without a port */
	struct address local;  /* our address on it */
	uint8_t place;	       /* 0..15: its own for as long as the path exists */
	uint8_t router;	       /* client: the far router that it leads to */
	bool is_standby;       /* client: that is not the one that new connections go to */
	bool may_start;	       /* client: a connection's first subflow may start here */
	bool is_backup;	       /* client: a connection begins here only if it can nowhere else */
	bool is_secondary;     /* the same; on a server, by its own configuration */
	bool has_scavenger;    /* what is sent there as over a secondary path is sent by one */
	bool is_shut;	       /* client: the same, for a moment: its subflows are made anew */
	enum health_state health;
	enum health_reason reason;
	uint64_t since_ms; /* of that state; CLOCK_MONOTONIC */
	uint32_t rtt_us;   /* of the last greeting that was answered; 0: none was */
};

/* An address of this router. On a point-to-point link the subnet is the other end's. */
struct board_net {
	struct address own;
	struct network subnet;
};

struct board_table {
	uint32_t n_paths;
	struct board_path path[BOARD_PATHS_MAX];
	bool had_several;     /* since the start: a connection could have more than one subflow */
	struct spares spares; /* server */
	uint32_t n_nets;      /* this router's addresses, each with its subnet */
	struct board_net net[BOARD_NETS_MAX];
	bool has_more_nets; /* than there is room for */
};

/* How fast flows are over one path. */
struct board_pace {
	struct shared64 rate;	    /* bytes per second of its fastest flow over the path, lately */
	struct shared64 burst_rate; /* the same while it had something to carry; 0: not known */
	struct shared64 rtt_us;	    /* TCP's, of the last flow that was asked */
	struct shared64 at_ms;	    /* when that was measured. CLOCK_MONOTONIC */
};

/* A round trip as the last flow that moved bytes over the path had it. */
struct board_trip {
	struct shared64 rtt_us, rttvar_us;
	struct shared64 at_ms; /* CLOCK_MONOTONIC; 0: never */
};

/* One worker's figures. Written by it alone, read by the supervisor. */
struct board_counters {
	struct board_pace pace[BOARD_PLACES]; /* client */
	struct board_trip trip[BOARD_PLACES]; /* client */
	struct shared64 moved_ms; /* when a byte was last moved. CLOCK_MONOTONIC, as the next */
	/* Client: when a flow last heard something over the path of this place. */
	struct shared64 heard_ms[BOARD_PLACES];
	/* Client: when a flow was last seen whose only subflow was on the path of this place. */
	struct shared64 alone_ms[BOARD_PLACES];
	/* Client: flows to each far router that are open, and when the last of them ended. */
	struct shared64 flows_to[CONF_SERVERS_MAX], left_ms[CONF_SERVERS_MAX];
	struct shared64 oldest_ms; /* when the oldest of its flows began; 0: there is none */
	struct shared64 flows_started;
	struct shared64 flows_ended;
	struct shared64 flows_fell_back;  /* client: carried by plain TCP, for want of MPTCP */
	struct shared64 refused_for_time; /* server: headers whose time was wrong */
	struct shared64 bytes_lan_to_wan;
	struct shared64 bytes_wan_to_lan;
};

struct board {
	_Atomic uint32_t version; /* see turns.h */
	struct board_table table[2];
	uint64_t instance;		 /* a number of this supervisor's own, never 0 */
	uint64_t started_ms;		 /* when it began. CLOCK_MONOTONIC */
	_Atomic bool has_told_fallback;	 /* by whichever worker saw it first: one line is enough */
	_Atomic bool has_told_no_source; /* the same */
	struct board_counters worker[BOARD_WORKERS_MAX];
};

/*
 * Maps an empty board, shared with children, and with whoever maps *fd, which is close-on-exec and
 * the caller's. NULL with errno set when there is no memory.
 */
struct board *board_new(int *fd);

/* Maps the board of that descriptor, which another program with the same layout has made. NULL with
 * errno set. */
struct board *board_map(int fd);
void board_free(struct board *board);

/* Supervisor: replaces the table. */
void board_publish(struct board *board, const struct board_table *table);

/* Supervisor: the table that holds, until the next board_publish(). */
const struct board_table *board_current(const struct board *board);

/*
 * Worker: copies the table into *table if it changed since *version, which is then brought up to
 * date; a caller starts with *version = UINT32_MAX. Returns whether it changed.
 */
bool board_read(const struct board *board, uint32_t *version, struct board_table *table);

/* The first path of that address of ours. NULL: there is none. */
const struct board_path *board_path_at(const struct board_table *table,
				       const struct address *local);

/* Whether `ip` is one of this router's addresses. */
bool board_is_own_address(const struct board_table *table, const struct address *ip);

/* Whether `ip` lies in a subnet that this router is directly connected to. */
bool board_is_connected(const struct board_table *table, const struct address *ip);

/* Whether `ip` means all hosts of such a subnet. */
bool board_is_broadcast(const struct board_table *table, const struct address *ip);

#endif
