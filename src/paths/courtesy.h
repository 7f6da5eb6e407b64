/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Courtesy: what a client owes to the others on a path, by its role and the server's word. Pure. */
#ifndef MPBRIDGE_COURTESY_H
#define MPBRIDGE_COURTESY_H

#include "paths/yield.h"
#include "shadowsocks/greeting.h"

/* Starts as zeroes: of a path that is not secondary. */
struct courtesy {
	bool is_secondary;
	bool has_scavenger;	/* what we send there is sent by one; the caller keeps it true */
	bool has_far_scavenger; /* what the server sends is, as it said last */
	bool is_spare_there;	/* the server's configuration calls the path secondary */
	bool is_left;		/* to others, which has been told */
	bool is_renewal_due;	/* what runs there may not have the congestion control it should */
	unsigned n_without;	/* answers in a row that said that it is not; counted to a few */
	uint64_t renewed_ms;	/* when that was last mended; 0: never */
	struct yield yield;
};

/* What the caller has to do, or'ed. Whether the path is away may change with all of these calls. */
enum courtesy_news {
	COURTESY_RENEW = 1,  /* both ends have their part of the role: make its subflows anew */
	COURTESY_DERIVE = 2, /* is_spare_there has changed: derive the paths anew */
	COURTESY_LEFT = 4,   /* others use the link, and did not before: tell */
	COURTESY_ASK = 8,    /* the server has to hear of the role: greet it soon, a few times */
};

/*
 * By the configuration of one end. is_new: the path has just begun to be watched. The server hears
 * of another role before subflows are made anew, and has to load its scavenger.
 */
unsigned courtesy_set_role(struct courtesy *courtesy, bool is_secondary, bool is_new);

/* The server has been started again, and knows nothing of what it was told. */
unsigned courtesy_server_began(struct courtesy *courtesy);

/*
 * The server has read a greeting of that kind. answer NULL: it ended the connection without one, as
 * servers of another make do.
 */
unsigned courtesy_answered(struct courtesy *courtesy, uint64_t now_ms, enum greeting_kind kind,
			   const struct greeting_answer *answer);

/* A greeting was established after rtt_us. */
unsigned courtesy_heard(struct courtesy *courtesy, uint64_t now_ms, uint32_t rtt_us);

/* A scavenger, of this end or the far one, leaves the path to others until then. */
unsigned courtesy_told(struct courtesy *courtesy, uint64_t now_ms, uint64_t until_ms);

/* A greeting that was sent at sent_ms is not established yet. */
void courtesy_waiting(struct courtesy *courtesy, uint64_t now_ms, uint64_t sent_ms);

/* Time has passed, at courtesy_due_ms() at the latest. A path that does not work rests. */
unsigned courtesy_tick(struct courtesy *courtesy, uint64_t now_ms, enum yield_need need);

/* UINT64_MAX: nothing changes by time alone. */
uint64_t courtesy_due_ms(const struct courtesy *courtesy);

/* The path is not used now, so that others have it. */
bool courtesy_is_away(const struct courtesy *courtesy);

/* What greetings say of a path that is used. */
enum greeting_kind courtesy_kind(const struct courtesy *courtesy);

/* How long after the last greeting the next one is due, of a secondary path while flows move. */
uint32_t courtesy_ask_ms(const struct courtesy *courtesy, uint64_t now_ms);

#endif
