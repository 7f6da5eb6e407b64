/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The report: what there is to say of the paths and of the subflows on them. Pure. */
#ifndef MPBRIDGE_REPORT_H
#define MPBRIDGE_REPORT_H

#include "conf/conf.h"
#include "kernel/inet_diag.h"
#include "paths/absence.h"
#include "paths/board.h"

#define REPORT_PATHS_MAX (BOARD_PATHS_MAX + ABSENCES_MAX)
#define REPORT_CC_MAX	 4

/* The subflows of one path that are open now. */
struct report_traffic {
	unsigned n_subflows; /* established ones of MPTCP connections */
	unsigned n_joining;  /* their handshake is under way */
	unsigned n_backup;   /* among the established ones */
	unsigned n_tcp;	     /* connections that are no MPTCP: fallen back, or greetings */
	uint64_t bytes_acked, bytes_received;
	uint64_t bytes_sent, bytes_sent_again;
	uint64_t delivery_rate;		    /* bytes per second, the sum */
	uint32_t rtt_min_us, rtt_median_us; /* 0: no subflow has one */
	uint64_t seen_acked, seen_received; /* the tally's: these never fall */
	unsigned n_congestion_controls;	    /* different ones */
	char congestion_control[REPORT_CC_MAX][INET_DIAG_CC_BYTES];
};

/* A secondary path: what it is left to others for. */
struct report_yield {
	bool has_scavenger;	/* for what we send */
	bool has_far_scavenger; /* client: for what the server sends */
	bool is_yielding;
	uint64_t times, left_ms;   /* it was left to others, and for how long in all */
	uint64_t capacity, others; /* bytes per second; 0: not known */
	uint32_t queue_us;	   /* 0: none, or not known */
};

struct report_path {
	char interface[IF_NAMESIZE];
	enum conf_path_role role; /* SECONDARY, too, where the other end says so */
	struct report_yield yield;
	uint32_t ifindex;	      /* 0: it is absent */
	struct address local, server; /* family 0: not known; a server's paths have no `server` */
	enum health_state state;
	const char *reason; /* a few words that live for ever */
	enum health_reason cause;
	/* Client: what became of greetings there, beside the state. */
	bool is_unwanted;   /* the server ends the connection without a word */
	bool is_unanswered; /* it takes connections, and does not answer */
	uint64_t since_ms;  /* CLOCK_MONOTONIC; 0: not known */
	uint32_t rtt_us;    /* of the last greeting; 0: none */
	uint8_t router;	    /* client: which it leads to, from 0; not of an absent one */
	bool is_standby;    /* client: that is not the one that new connections go to */
	bool may_start;	    /* client */
	bool is_announced;  /* server */
	struct report_traffic traffic;
};

struct report {
	const struct conf *conf;
	unsigned active; /* client: the far router that new connections go to */
	unsigned n_paths;
	struct report_path path[REPORT_PATHS_MAX];
	bool has_traffic;		 /* false: nothing is known of it */
	struct report_traffic elsewhere; /* subflows of ours whose address is no path's */
};

/* The path of this subflow: the one of its address, and, if several have that, of the far router
 * that it goes to, and of its interface. Or report->n_paths: none. */
unsigned report_place(const struct report *report, const struct inet_diag_subflow *subflow);

/*
 * Sorts the subflows by connection, the one that began it first, and takes out those that do not
 * belong to this bridge: a connection is its own if one of its subflows ends at an address that
 * `conf` names. Plain TCP that is not open yet goes too: most of it are greetings.
 */
void report_select(const struct conf *conf, struct inet_diag_subflows *subflows);

/* Adds up the subflows of each path. 0 or -ENOMEM. */
int report_add_traffic(struct report *report, const struct inet_diag_subflows *subflows);

#endif
