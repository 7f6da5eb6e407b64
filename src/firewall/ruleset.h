/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ruleset: the one nftables table that takes connections over, as text for nft(8). Pure. */
#ifndef MPBRIDGE_RULESET_H
#define MPBRIDGE_RULESET_H

#include "firewall/intent.h"

#define RULESET_TABLE "mpbridge" /* of the family inet */

/*
 * The text that replaces the table in one transaction, to be given to free(); NULL: no memory. What
 * is taken over goes to the configuration's listeners; where there is none of a family, connections
 * of that family are reset, unless on_peer_down lets them go directly.
 */
char *ruleset_text(const struct intent *intent);

/* The text that removes the table, whether it is there or not. */
const char *ruleset_removal(void);

/* Client: the address that takes connections of this family; NULL: there is none. */
const struct address *ruleset_listener(const struct conf *conf, sa_family_t family);

#endif
