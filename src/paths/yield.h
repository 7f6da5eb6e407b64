/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Yielding: when a secondary path is left to others, and when it is tried again. Pure. */
#ifndef MPBRIDGE_YIELD_H
#define MPBRIDGE_YIELD_H

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
/*
 *   state      what it means                          what ends it
 *   USED       our connections use the path           a scavenger leaves it -> LEFT; with a loop,
 *                                                     the turn is over -> LISTENING
 *   LISTENING  nothing of ours is there, and          the queue is empty -> USED; with a loop, it is
 *              greetings ask whether others are       not -> LEFT; with scavengers, patience -> USED
 *   LEFT       it is left to others for a while       that time is over -> LISTENING
 */
/* clang-format on */
enum yield_state { YIELD_USED, YIELD_LISTENING, YIELD_LEFT };

/* Starts as zeroes. */
struct yield {
	enum yield_state state;
	uint64_t since_ms;     /* of the state */
	uint64_t until_ms;     /* LEFT: until then */
	uint32_t least_us;     /* the least round trip of a greeting, since renewed_ms */
	uint32_t older_us;     /* and of the time before; 0: there was none */
	uint64_t renewed_ms;   /* when least_us began */
	uint32_t turn_ms;      /* loop: how long USED lasts; 0: not begun */
	uint32_t pause_ms;     /* loop: how long LEFT lasted last; 0: the last turn met nobody */
	bool is_after_pause;   /* LEFT came before this state */
	bool has_heard_queue;  /* in this LISTENING: one that is not ours */
	uint64_t drained_ms;   /* when nothing of ours was queued any more; 0: not known yet */
	uint64_t last_sent_ms; /* of the greetings that were answered: when the last one was sent */
	unsigned n_queue;      /* answers that met one, in a row */
	uint32_t calm_ms;      /* scavenger: so long there must be no queue before it is used */
	uint64_t calm_since_ms; /* of the answers that met none while away, the first in a row; 0:
				   none */
	unsigned n_calm;	/* loop: answers that met no queue, in a row, in this LISTENING */
	uint64_t times;		/* it was left to others */
	uint64_t left_ms;	/* for how long in all, until since_ms */
};

/* A scavenger, of this end or the far one, leaves the path to others until then. */
void yield_told(struct yield *yield, uint64_t now_ms, uint64_t until_ms);

/* A greeting was answered after rtt_us. */
void yield_heard(struct yield *yield, uint64_t now_ms, uint32_t rtt_us, bool has_loop);

/* A greeting that was sent at sent_ms is not answered yet. */
void yield_waiting(struct yield *yield, uint64_t now_ms, uint64_t sent_ms);

/* What flows do: they rest; they move, and could do so nowhere else; they could. */
enum yield_need { YIELD_RESTS, YIELD_NEEDED, YIELD_SPARED };

/*
 * Time has passed, at yield_due_ms() at the latest. has_loop: not both ends have a scavenger that
 * would tell, so that the path has to be listened to now and then.
 */
void yield_tick(struct yield *yield, uint64_t now_ms, enum yield_need need, bool has_loop);

/* UINT64_MAX: nothing changes by time alone. */
uint64_t yield_due_ms(const struct yield *yield, bool has_loop);

/* The path is not used now. */
bool yield_is_away(const struct yield *yield);

/* How long after the last greeting the next one is due, while flows move. */
uint32_t yield_ask_ms(const struct yield *yield, uint64_t now_ms, bool has_loop);

/* For how long the path has been left in all, in milliseconds. */
uint64_t yield_left_ms(const struct yield *yield, uint64_t now_ms);

#endif
