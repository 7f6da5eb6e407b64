/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steering: the routing rules and routes beside the firewall's table. */
#ifndef MPBRIDGE_STEERING_H
#define MPBRIDGE_STEERING_H

#include "firewall/intent.h"

/* What the kernel shall hold. */
struct steering {
	enum conf_role role; /* whose */
	struct rt_rules rules;
	struct rt_routes routes;
};

/*
 * Works out the rules and routes. Server: those that lead answers to hosts to this router. Client:
 * with TPROXY those that lead marked packets to this router, also from what was intercepted before,
 * and for each family whose connections may not go around the bridge those that drop what no rule
 * of the firewall has taken. *out is empty, and is given back with steering_exit(). Pure. 0 or
 * -ENOMEM.
 */
int steering_build(const struct intent *intent, struct steering *out);

void steering_exit(struct steering *steering);

/*
 * Adds to the kernel what it lacks of these, and removes what it has of an earlier one. With
 * no rules and routes it removes all of that role. 0 or -errno; it goes on after an error.
 */
int steering_apply(struct netlink *netlink, const struct steering *wanted);

/* Whether it is one of the routing tables that they use, of either role. */
bool steering_has_table(uint32_t table);

#endif
