/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subflows of this bridge that are open now, as the kernel tells of them. */
#ifndef MPBRIDGE_SUBFLOWS_H
#define MPBRIDGE_SUBFLOWS_H

#include "conf/conf.h"
#include "kernel/inet_diag.h"

/*
 * Fills the empty array with those that report_select() leaves, in its order. 0, or -errno as
 * inet_diag_dump(), with nothing in it.
 */
int subflows_look(const struct conf *conf, struct inet_diag_subflows *subflows);

/*
 * Closes the open subflow between these addresses, with their ports. 0 or -errno: -ENOENT: there is
 * none of this bridge; or as inet_diag_dump() and inet_diag_destroy().
 */
int subflows_close(const struct conf *conf, const struct address *local,
		   const struct address *remote);

#endif
