/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The intent: what the firewall is to do now, which the table, the rules and the routes are made
 * of. */
#ifndef MPBRIDGE_INTENT_H
#define MPBRIDGE_INTENT_H

#include "firewall/exempt.h"

#include <sys/types.h>

struct intent {
	const struct conf *conf;
	enum conf_intercept_mode mode;	   /* not AUTO */
	bool has_ipv6;			   /* this kernel has it */
	uid_t user;			   /* the workers': what it sends is never taken over */
	const struct networks *always;	   /* exempt_always() */
	const struct networks *nearby;	   /* exempt_nearby(); with local_output */
	const struct conf_intercept *kept; /* interfaces and output of before, for flows that run */
	bool is_leaving;		   /* flows that run go on, and nothing new is taken over */
};

#endif
