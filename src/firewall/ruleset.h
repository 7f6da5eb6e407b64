/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ruleset: the one nftables table of a client or of a server, as text for nft(8). Pure. */
#ifndef MPBRIDGE_RULESET_H
#define MPBRIDGE_RULESET_H

#include "firewall/intent.h"

/* What the table of this role is called, of the family inet. */
const char *ruleset_table(enum conf_role role);

/*
 * The text that replaces the table in one transaction, to be given to free(); NULL: no memory. A
 * server's gives this router the answers to hosts whose address it has shown. With a client's, what
 * is taken over goes to the configuration's listeners; where there is none of a family, connections
 * of that family are reset, unless on_peer_down lets them go directly.
 */
char *ruleset_text(const struct intent *intent);

/* Client: the address that takes connections of this family; NULL: there is none. */
const struct address *ruleset_listener(const struct conf *conf, sa_family_t family);

#endif
