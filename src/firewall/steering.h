/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steering: the routing rules and routes that interception needs. */
#ifndef MPBRIDGE_STEERING_H
#define MPBRIDGE_STEERING_H

#include "firewall/intent.h"

/* What the kernel shall hold. */
struct steering {
	struct rt_rules rules;
	struct rt_routes routes;
};

/*
 * Works out the rules and routes: with TPROXY those that lead marked packets to this router, also
 * from what was intercepted before, and
 * for each family whose connections may not go around the bridge those that drop what no rule of
 * the firewall has taken. *out is empty, and is given back with steering_exit(). Pure. 0 or
 * -ENOMEM.
 */
int steering_build(const struct intent *intent, struct steering *out);

void steering_exit(struct steering *steering);

/*
 * Adds to the kernel what it lacks of these, and removes what it has of an earlier one. With
 * everything empty it removes all. 0 or -errno; it
 * goes on after an error.
 */
int steering_apply(struct netlink *netlink, const struct steering *wanted);

/* Whether it is one of the two routing tables that they use. */
bool steering_has_table(uint32_t table);

#endif
