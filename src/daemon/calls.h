/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system calls that a worker may make, and those for which it is killed. */
#ifndef MPBRIDGE_CALLS_H
#define MPBRIDGE_CALLS_H

#include <stdint.h>

/* What a worker has to do for a call to be allowed. */
enum call_need {
	CALL_ALWAYS,
	CALL_SPLICING, /* it forwards with splice() */
	CALL_CLIENT,   /* it is a client's */
	CALL_SERVER,   /* it is a server's, which looks names up */
	CALL_RAW,      /* it has kept CAP_NET_RAW, see privilege_drop() */
	CALL_NOT_RAW,  /* it has not */
};

#define CALL_VALUES_MAX 10

/*
 * (lower half of argument & mask) must be one of the values. All arguments that are asked about are
 * of 32 bits, or have their interesting bits there.
 */
struct call_test {
	uint8_t argument;
	uint8_t n; /* 0 ends a list of tests */
	uint32_t mask;
	uint32_t value[CALL_VALUES_MAX];
};

struct call {
	int number;
	enum call_need need;
	const struct call_test *tests; /* all must hold; NULL: whatever the arguments are */
	uint8_t own_pid_argument;      /* n: argument n-1 must be the worker's own pid; 0: none */
};

extern const struct call calls_allowed[];
extern const unsigned calls_n_allowed;

/* Nothing that the worker is linked with makes these by itself. */
extern const int calls_deadly[];
extern const unsigned calls_n_deadly;

#endif
