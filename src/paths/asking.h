/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking: when the next greeting goes out over a path to learn how it is. */
#ifndef MPBRIDGE_ASKING_H
#define MPBRIDGE_ASKING_H

#include <stdbool.h>
#include <stdint.h>

#define ASKING_BUSY_MS	 1000u /* between two questions while flows move and do not tell */
#define ASKING_VOLLEY_MS 20u   /* between those of a volley */

/* Pure. Of zeroes at its beginning. Times are CLOCK_MONOTONIC in milliseconds. */
struct asking {
	uint64_t look_ms;   /* when to look again whether to ask */
	uint64_t asked_ms;  /* the last question */
	unsigned volley;    /* urgent questions so far */
	unsigned n_answers; /* that it has had; counted to a few */
};

/* What matters of the path now. */
struct asking_view {
	bool is_down;
	bool is_urgent;	    /* it is in doubt: flows are stuck, or have fallen silent */
	bool is_busy;	    /* flows move, over whatever path */
	bool is_watched;    /* others are looked out for, */
	uint32_t watch_ms;  /* so often */
	bool has_room;	    /* a question more pushes out none that waits for its answer */
	uint64_t proven_ms; /* when the path was last known to be alive */
};

/* When `now_ms` has come to asking->look_ms, or later. True: the caller asks now, and says so by
 * asking_done(). In any case look_ms is later than now_ms then. */
bool asking_look(struct asking *asking, const struct asking_view *view, uint64_t now_ms);

/* A question has been asked, for this reason or another. */
void asking_done(struct asking *asking, uint64_t now_ms);

/* An answer has come. The first ones are followed by the next question soon. */
void asking_answered(struct asking *asking, uint64_t now_ms);

/* The path is to be asked a few times soon, as a new one. */
void asking_renew(struct asking *asking);

/* The path is new, or it has just become urgent to know. */
void asking_at_once(struct asking *asking, uint64_t now_ms);

/* How often others are looked out for has changed. */
void asking_sooner(struct asking *asking, const struct asking_view *view);

#endif
