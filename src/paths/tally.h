/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tally: bytes that subflows were seen to carry, by local address and far router. Pure. */
#ifndef MPBRIDGE_TALLY_H
#define MPBRIDGE_TALLY_H

#include "conf/conf.h"
#include "kernel/inet_diag.h"

#define TALLY_ADDRESSES_MAX 16

/*
 * A sum over the subflows that are open falls when one of them ends, so the difference of two such
 * sums is no rate. The tally remembers each subflow since the last look and adds what it has
 * carried meanwhile; what a subflow carries between the last look and its end is missed. Starts as
 * zeroes.
 */
struct tally {
	struct {
		struct tally_mark {
			uint64_t cookie, acked, received;
		} * item; /* the subflows of the last look, by cookie */
		size_t n;
		size_t capacity;
	} marks;
	unsigned n;
	struct tally_address {
		struct address local;
		uint8_t router;
		uint64_t acked, received;
	} address[TALLY_ADDRESSES_MAX];
};

/* Looks at the subflows that there are; conf tells whose they are. Out of memory it forgets them,
 * and the next look counts them from their beginning. */
void tally_look(struct tally *tally, const struct conf *conf,
		const struct inet_diag_subflows *subflows);

/* What subflows from this address to this far router have carried; NULL: nothing. */
const struct tally_address *tally_of(const struct tally *tally, const struct address *local,
				     uint8_t router);

void tally_exit(struct tally *tally);

#endif
