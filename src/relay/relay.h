/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay: what the flows of one worker share. */
#ifndef MPBRIDGE_RELAY_H
#define MPBRIDGE_RELAY_H

#include "base/buffer.h"
#include "base/log.h"
#include "base/loop.h"
#include "conf/conf.h"
#include "paths/board.h"
#include "relay/budget.h"
#include "relay/evidence.h"
#include "relay/lane.h"
#include "relay/lobby.h"
#include "relay/pipe.h"
#include "relay/unblock.h"
#include "shadowsocks/codec.h"
#include "shadowsocks/greeting.h"
#include "shadowsocks/salts.h"

#include <stdbool.h>
#include <stdint.h>

#define RELAY_LISTENERS_MAX 512

struct listener;
struct lookups;

/* Lines that a peer can cause are limited, each kind for itself. */
enum relay_notice {
	NOTICE_DIAL_FAILED,
	NOTICE_DIRECT,
	NOTICE_FELL_BACK,
	NOTICE_HEADER,
	NOTICE_LOOKUP,
	NOTICE_LOOP,
	NOTICE_NO_DESCRIPTORS,
	NOTICE_PEER_REFUSED,
	NOTICE_RECEIVE_BUFFER,
	NOTICE_SOURCE,
	NOTICE_TARGET_REFUSED,
	NOTICE_COUNT
};

struct relay {
	struct loop *loop;
	const struct conf *conf;
	struct board *board;
	struct board_counters *counters;
	struct board_table table; /* a copy of the board's, brought up to date before it is read */
	uint32_t table_version;
	struct budget budget;
	struct pipe_pool pipes;
	struct buffer_pool buffers;
	struct lane_pools pools;
	struct codec codec; /* of a method that is not plain */
	struct salts salts; /* the same */
	struct lobby lobby; /* server */
	struct list flows;
	struct evidence evidence;
	struct unblock unblock;
	struct lookups *lookups; /* server; NULL on a client */
	uint32_t n_flows;
	struct listener *listeners;
	unsigned n_listeners;
	bool has_mptcp;	  /* this kernel makes MPTCP sockets */
	bool is_draining; /* no new flows; on_idle is called when the last one has ended */
	struct log_limit notices[NOTICE_COUNT];
	/* Server: a permitted peer came by this address of ours; told once for each. */
	void (*on_witness)(struct relay *relay, const struct address *local);
	/* about: the address that was lost (GREETING_LOST), or else whose greeting it is. */
	void (*on_greeted)(struct relay *relay, enum greeting_kind kind,
			   const struct address *local, const struct address *about);
	/* Client: a flow has doubts about the path of this place, see manager_doubt(). */
	void (*on_doubt)(struct relay *relay, uint8_t place, enum doubt doubt);
	/* A flow gets on once the subflow between these two is closed; see rescue.c. */
	void (*on_held_up)(struct relay *relay, const struct address *local,
			   const struct address *remote);
	struct address witnessed[BOARD_PATHS_MAX];
	unsigned n_witnessed;
	void (*on_idle)(struct relay *relay);
};

/* What the board says now. */
const struct board_table *relay_table(struct relay *relay);

/* Server: remembers that permitted peers come by this address, and tells it on the first time. */
void relay_witness(struct relay *relay, const struct address *local);

/*
 * Logs a line of this kind, at most one in ten seconds; how many were left out is put behind it.
 */
void relay_notice(struct relay *relay, enum relay_notice kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
