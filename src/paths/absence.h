/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Absences: interfaces that were paths, or are configured to be, and are none now. Pure. */
#ifndef MPBRIDGE_ABSENCE_H
#define MPBRIDGE_ABSENCE_H

#include "conf/conf.h"
#include "paths/path.h"

/* Interfaces with names that are given anew each time would make an endless list of it. */
#define ABSENCES_MAX 16

struct absence {
	char interface[IF_NAMESIZE];
	struct address local, server; /* as they were last; family 0: never known */
	bool is_absent;
	uint64_t since_ms; /* it is absent, or present, since then; CLOCK_MONOTONIC */
};

/* All interfaces that were ever a path, present or not. Starts as zeroes. */
struct absences {
	unsigned n;
	struct absence item[ABSENCES_MAX];
};

/* Compares with the paths that there are at now_ms. When the list is full, the one that is absent
 * for longest is forgotten. */
void absences_follow(struct absences *absences, const struct conf *conf, const struct paths *paths,
		     uint64_t now_ms);

/* Since when this interface is a path, or is absent; 0: it never was one. */
uint64_t absences_since_ms(const struct absences *absences, const char *interface);

#endif
