/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger: what we have put into the kernel that cannot carry a mark, as text. Pure. */
#ifndef MPBRIDGE_LEDGER_H
#define MPBRIDGE_LEDGER_H

#include "kernel/mptcp_pm.h"

/* Longer ledgers are not ours. */
#define LEDGER_BYTES 4096

struct ledger_limits {
	bool is_raised;
	struct mptcp_limits before; /* what we found */
	struct mptcp_limits set;    /* what we made of it */
};

/*
 * One line each:
 *
 *   endpoint ADDRESS ID FLAGS IFINDEX
 *   limits before SUBFLOWS ADD_ADDR set SUBFLOWS ADD_ADDR
 *
 * Starts as zeroes.
 */
struct ledger {
	struct mptcp_endpoints endpoints;
	struct ledger_limits limits;
};

/*
 * Reads a ledger, which ends with NUL, into an empty *ledger. False: the text is not a ledger, or
 * there is no memory; *ledger is empty then, and *line tells where it stopped, counted from 1.
 */
bool ledger_parse(const char *text, struct ledger *ledger, unsigned *line);

/* Writes the text and a NUL; its length, or -ENOSPC. */
int ledger_format(const struct ledger *ledger, char *text, size_t size);

/* Adds the endpoint. 0 or -ENOMEM. */
int ledger_add(struct ledger *ledger, const struct mptcp_endpoint *endpoint);

/* Takes out the endpoint with this address and id. Whether it was there. */
bool ledger_remove(struct ledger *ledger, const struct mptcp_endpoint *endpoint);

bool ledger_is_empty(const struct ledger *ledger);
void ledger_exit(struct ledger *ledger);

#endif
