/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The health of a path: its states, and the reasons for them. Pure. */
#ifndef MPBRIDGE_HEALTH_H
#define MPBRIDGE_HEALTH_H

/* clang-format off */
/*
 *   state     what it means                            new connections    running ones
 *   UP        nothing speaks against it                begin here         use it
 *   SUSPECT   something does, and it is being asked    begin here, and    use it
 *                                                      elsewhere too
 *   DOWN      it does not carry packets to the far     never begin here   have left it
 *             router, or nothing answers there
 *   ABSENT    no interface, carrier, address, route    never begin here   have left it
 *   GUARDED   it works, and would only slow the        only begin here    use it when nothing
 *             others down                              as the last        else works
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
};

/* "up", "suspect", ... */
const char *health_state_text(enum health_state state);

/* A few words for the log and for `status`: "the last greeting was answered". */
const char *health_reason_text(enum health_reason reason);

#endif
