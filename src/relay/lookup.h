/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lookups: one worker's questions to name servers. */
#ifndef MPBRIDGE_LOOKUP_H
#define MPBRIDGE_LOOKUP_H

#include "base/loop.h"
#include "relay/budget.h"
#include "relay/directory.h"

#include <stdbool.h>

#define LOOKUP_ADDRESSES_MAX 16

struct lookups;

/* What became of a query: addresses without ports, or, when there are none, why. */
struct lookup_answer {
	struct address address[LOOKUP_ADDRESSES_MAX];
	unsigned n;
	const char *failure; /* a few words, of static storage; NULL: there are addresses */
};

/* A question under way. It lies, all zero at first, inside its owner, who is there as long as it
 * is. */
struct query {
	struct list node;
	struct lookups *lookups;
	const char *name; /* the owner's */
	sa_family_t family;
	bool is_under_way;
	uint16_t id;	     /* of the attempt */
	unsigned n_attempts; /* that are over */
	struct watch watch;
	struct timer timer;
	struct lookup_stream *stream; /* NULL: this attempt is by UDP */
	/* Called once, perhaps from lookup_ask() already. Must not call lookup_ask() itself. */
	void (*on_answer)(struct query *query, const struct lookup_answer *answer);
};

/*
 * Makes the lookups of a worker. The directory says whom to ask; it, loop and budget must outlive
 * them. 0 or -errno.
 */
int lookups_open(struct lookups **out, struct loop *loop, struct budget *budget,
		 const struct directory *directory);

/* Ends all: queries that are under way get no answer any more. NULL is fine. */
void lookups_close(struct lookups *lookups);

/* The addresses of the name in the hosts file, as it is now; returns how many. */
unsigned lookup_in_hosts(struct lookups *lookups, const char *name, struct address *out,
			 unsigned max);

/*
 * Asks the name servers for the addresses of a name as it stands, in one family. on_answer is set.
 * False: too many are under way; nothing was asked.
 */
bool lookup_ask(struct lookups *lookups, struct query *query, const char *name, sa_family_t family);

/* The answer is of no interest any more, and on_answer is not called. Harmless when it was. */
void lookup_drop(struct query *query);

#endif
