/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The question that is put to a control socket: one line of words. Pure. */
#ifndef MPBRIDGE_QUESTION_H
#define MPBRIDGE_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

/* The longest line, its end included. */
#define QUESTION_BYTES 64

enum question_verdict {
	QUESTION_PARTIAL, /* the line has no end yet */
	QUESTION_KNOWN,
	QUESTION_UNKNOWN,
};

struct question {
	bool is_reload; /* no question: read the configuration again */
	bool has_flows; /* each connection with its subflows, too */
};

/*
 * Reads "status", "status flows" or "reload", and a line feed behind it, from the first `length`
 * bytes that came. What follows the line feed is not looked at. *out is set when the question is
 * known.
 */
enum question_verdict question_parse(const char *text, size_t length, struct question *out);

/* Writes the question with its line feed; its length. */
size_t question_format(const struct question *question, char text[static QUESTION_BYTES]);

#endif
