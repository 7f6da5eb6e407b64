/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer to a question about the state: one JSON document. */
#ifndef MPBRIDGE_ANSWER_H
#define MPBRIDGE_ANSWER_H

#include "daemon/parts.h"
#include "daemon/question.h"
#include "paths/tally.h"

/* Of more connections the answer tells only how many they are. */
#define ANSWER_CONNECTIONS_MAX 256

/* What is asked about. */
struct answer_subject {
	const struct parts *parts;
	uint64_t started_ms; /* CLOCK_MONOTONIC */
	struct tally tally;
};

/*
 * Reads the subflows from the kernel and writes all that is known; the keys are those of
 * mpbridge(8). One line with a line feed, to be freed by the caller; NULL: no memory.
 */
char *answer_make(struct answer_subject *subject, const struct question *question);

/* The answer to "reload": that it is under way, or why it is not. To be freed by the caller. */
char *answer_reload(const struct messages *errors);

/* The answer to a question that is none. */
char *answer_refuse(void);

#endif
