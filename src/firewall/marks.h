/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks: the nftables table that marks what goes over paths with "dscp", as text. Pure. */
#ifndef MPBRIDGE_MARKS_H
#define MPBRIDGE_MARKS_H

#include "conf/conf.h"

/* What the table of this role is called, of the family inet. */
const char *marks_table(enum conf_role role);

/* The text that replaces the table in one transaction, to be given to free(); NULL: no memory. */
char *marks_text(const struct conf *conf);

#endif
