/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ruleset: the one nftables table that takes connections over, as text for nft(8). Pure. */
#ifndef MPBRIDGE_RULESET_H
#define MPBRIDGE_RULESET_H

#include "firewall/exempt.h"

#include <sys/types.h>

#define RULESET_TABLE "mpbridge" /* of the family inet */

struct ruleset {
	const struct conf *conf;
	enum conf_intercept_mode mode; /* not AUTO */
	bool has_ipv6;		       /* this kernel has it */
	uid_t user;		       /* the workers': what it sends is never taken over */
	const struct networks *always; /* exempt_always() */
	const struct networks *nearby; /* exempt_nearby(); with local_output */
	const struct conf_intercept
		*kept;	 /* what was intercepted before, for flows that run; or NULL */
	bool is_leaving; /* flows that run go on, and nothing new is taken over */
};

/*
 * The text that replaces the table in one transaction, to be given to free(); NULL: no memory. What
 * is taken over goes to the configuration's listeners; where there is none of a family, connections
 * of that family are reset, unless on_peer_down lets them go directly.
 */
char *ruleset_text(const struct ruleset *ruleset);

/* The text that removes the table, whether it is there or not. */
const char *ruleset_removal(void);

/* Client: the address that takes connections of this family; NULL: there is none. */
const struct address *ruleset_listener(const struct conf *conf, sa_family_t family);

#endif
