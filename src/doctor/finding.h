/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings: what is wrong, why it matters, what helps, and the command that shows it. Pure. */
#ifndef MPBRIDGE_FINDING_H
#define MPBRIDGE_FINDING_H

#include <stdio.h>

enum finding_severity {
	FINDING_NOTE,	 /* worth knowing */
	FINDING_WARNING, /* it works worse than it could */
	FINDING_ERROR,	 /* something does not work */
};

#define FINDING_TEXT_BYTES 320

struct finding {
	const char *id; /* stable, for scripts: see finding.c */
	enum finding_severity severity;
	char what[FINDING_TEXT_BYTES];	 /* one sentence, with the names that matter */
	char remedy[FINDING_TEXT_BYTES]; /* the same */
	char command[FINDING_TEXT_BYTES];
};

struct findings {
	struct finding *item;
	unsigned n;
};

/*
 * A new finding; its three texts are then to be filled with finding_say(). Its place in memory
 * holds until the next one. Where there is no memory it is one that goes nowhere.
 */
struct finding *finding_add(struct findings *findings, const char *id,
			    enum finding_severity severity);

void finding_say(char text[static FINDING_TEXT_BYTES], const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The worst first; else as they were added. */
void findings_sort(struct findings *findings);

/* Of none: FINDING_NOTE. */
enum finding_severity findings_worst(const struct findings *findings);

/* For people, lines of at most 80 columns where words allow that. */
void findings_print(FILE *out, const struct findings *findings);

/* One JSON array: id, severity ("note", "warning", "error"), what, remedy, command. */
void findings_print_json(FILE *out, const struct findings *findings);

void findings_free(struct findings *findings);

#endif
