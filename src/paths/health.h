/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The health of a path: its states, and the reasons for them. Pure. */
#ifndef MPBRIDGE_HEALTH_H
#define MPBRIDGE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
/*
 *   state     what it means                            new connections    running ones
 *   UP        nothing speaks against it                begin here         use it
 *   SUSPECT   something does, and it is being asked    begin here, and    use it
 *                                                      elsewhere too
 *   DOWN      it does not carry packets to the far     begin here only    have left it
 *             router, or is not to be relied on        if it answers,
 *                                                      and nothing else
 *   ABSENT    no interface, carrier, address, route    never begin here   have left it
 *   GUARDED   it works, and would only slow the        only begin here    use it when nothing
 *             others down, or is left to others        as the last        else works
 */
/* clang-format on */
enum health_state { HEALTH_UP, HEALTH_SUSPECT, HEALTH_DOWN, HEALTH_ABSENT, HEALTH_GUARDED };

enum health_reason {
	HEALTH_ANSWERS,	     /* UP: the last greeting was answered */
	HEALTH_ACKNOWLEDGED, /* UP: the far end acknowledges what running flows send */
	HEALTH_NOT_ASKED,    /* UP: it is new, there is no evidence yet */
	HEALTH_SILENT,	     /* SUSPECT, DOWN: greetings are not answered */
	HEALTH_STUCK,	     /* SUSPECT, DOWN: what running flows send is not acknowledged */
	HEALTH_REFUSED,	     /* DOWN: the far router says that nothing listens there */
	HEALTH_UNREACHABLE,  /* DOWN: a router between, or the kernel, says that there is no way */
	HEALTH_FLAPPING,     /* DOWN: it answers again, but went down often lately: held down */
	HEALTH_NO_INTERFACE, /* ABSENT, all that follow */
	HEALTH_NO_CARRIER,
	HEALTH_NO_ADDRESS,
	HEALTH_NO_ROUTE,
	HEALTH_TOO_SLOW, /* GUARDED */
	HEALTH_YIELDS,	 /* GUARDED: it is secondary, and others use the link */
	HEALTH_LOST,	 /* DOWN, on a server: its client says so */
};

/* What running flows say of a path when something is not as it should be. */
enum doubt {
	DOUBT_SILENT,  /* nothing was acknowledged or received for longer than usual */
	DOUBT_STUCK,   /* nothing was acknowledged for very long */
	DOUBT_STRAY,   /* it is a backup, and carries payload all the same */
	DOUBT_MISSING, /* it is up, and a flow has no subflow there */
};

/* "up", "suspect", ... */
const char *health_state_text(enum health_state state);

/* A few words for the log and for `status`: "the last greeting was answered". */
const char *health_reason_text(enum health_reason reason);

/* One word that never changes, for scripts: "no-carrier". */
const char *health_reason_word(enum health_reason reason);

/* A round trip, smoothed as RFC 6298 does, and its variation. rtt_us 0: unknown. */
struct trip {
	uint32_t rtt_us, rttvar_us;
};

/*
 * What is known of a path. The caller asks questions (greetings) and tells what came of them; time
 * is CLOCK_MONOTONIC in milliseconds, and never goes back. Functions that return bool tell whether
 * state or reason has changed.
 */
struct health {
	enum health_state state; /* UP, SUSPECT, DOWN or ABSENT; see health_shown() */
	enum health_reason reason;
	uint64_t since_ms; /* of the state */
	bool is_guarded;
	bool is_yielding; /* a secondary path is left to others */

	uint32_t least_ms; /* of patience; 0: as usual. Others fill the queue of a secondary link */

	uint64_t proven_ms;  /* when packets last went both ways */
	uint64_t asked_ms;   /* the first question that was asked since; 0: none is open */
	uint64_t silent_ms;  /* UP: flows receive nothing since; 0: nobody says so */
	struct trip flows;   /* round trips as those flows had them; rtt_us 0: unknown */
	uint64_t stuck_ms;   /* flows are stuck since, whatever greetings say; 0: they are not */
	uint64_t held_to_ms; /* DOWN: not up before */
	uint64_t fell_ms;    /* when it last went down */
	uint32_t falls;	     /* in short succession */
	struct trip trip;    /* of greetings */
};

/*
 * A new path. One that is there at the start of the program is UP until there is evidence; one that
 * comes later has to answer first.
 */
void health_init(struct health *health, uint64_t now_ms, bool has_to_answer);

/* There is no other path: it is used as soon as it answers, however often it fell. */
void health_release(struct health *health);

/* A greeting was sent. */
void health_asked(struct health *health, uint64_t now_ms);

/* It was answered after rtt_us; 0: that is not known, since it had to be repeated. */
bool health_answered(struct health *health, uint64_t now_ms, uint32_t rtt_us);

/* It failed at once: HEALTH_REFUSED or HEALTH_UNREACHABLE. Silence is told by health_tick(). */
bool health_failed(struct health *health, uint64_t now_ms, enum health_reason reason);

/* At heard_ms a running flow had an acknowledgement or data over this path. */
bool health_heard(struct health *health, uint64_t now_ms, uint64_t heard_ms);

/* A running flow has had no acknowledgement of what it sent here for very long, and no other flow
 * any sign of life. */
bool health_doubted(struct health *health, uint64_t now_ms);

/* A running flow that was receiving here receives nothing any more. That alone means little.
 * `flows` is the round trip that TCP has measured here a moment ago. */
void health_quieted(struct health *health, uint64_t now_ms, const struct trip *flows);

/* The path is not there any more: HEALTH_NO_INTERFACE, ... health_returned() ends that. */
bool health_vanished(struct health *health, uint64_t now_ms, enum health_reason reason);
bool health_returned(struct health *health, uint64_t now_ms);

/* Time has passed. To be called at health_due_ms() at the latest. */
bool health_tick(struct health *health, uint64_t now_ms);

/* When health_tick() may change something; UINT64_MAX: not by time alone. */
uint64_t health_due_ms(const struct health *health);

/* Whether an answer is waited for that decides about a state: then ask now, and more than once. */
bool health_is_urgent(const struct health *health);

/* Whether connections can use a path in this state. */
bool health_is_carrying(enum health_state state);

/* The state to show and to act on: UP becomes GUARDED while the guard says so, or it yields. */
enum health_state health_shown(const struct health *health);

#endif
