/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marking: the packets of paths with "dscp" are marked with it. */
#ifndef MPBRIDGE_MARKING_H
#define MPBRIDGE_MARKING_H

#include "base/loop.h"
#include "conf/conf.h"

struct marking;

/*
 * What of it this configuration has. If it has any, this claims it for this process, of which there
 * is one of each role in a network namespace, and has nft check the rules; nothing is marked yet.
 * If it has none, what a killed process of ours left is removed; so is what one of the other role
 * left, in any case. `was_there`: what is in the kernel is of the program that ran in this process
 * before; it stays until it is replaced, or removed at the end. 0 or -errno, which has been logged.
 */
int marking_open(struct marking **out, const struct conf *conf, bool was_there);

/* Marks from now on, and watches that it stays so. What fails has been logged, and is tried again.
 */
void marking_start(struct marking *marking, struct loop *loop);

/* Whether this configuration's could be done, by the one that is there, changing nothing. 0 or
 * -errno, which has been logged. */
int marking_check(struct marking *marking, const struct conf *conf);

/* It is not to be done after all. */
void marking_keep(struct marking *marking);

/* Marks by this configuration, which has been checked. */
void marking_change(struct marking *marking, const struct conf *conf);

/* Whether marking_open() could do it, changing nothing. 0 or -errno, which has been logged. */
int marking_try(const struct conf *conf);

/* Removes what was made, and frees. Harmless on NULL. */
void marking_close(struct marking *marking);

/* What status tells. */
struct marking_report {
	bool is_wanted;	     /* the configuration has "dscp" */
	bool is_complete;    /* all is in the kernel as it should be */
	uint64_t n_restored; /* how often somebody else's change was undone */
};
void marking_report(const struct marking *marking, struct marking_report *out);

#endif
