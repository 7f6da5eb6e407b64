/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may use a server, and where to. Pure: values in, a verdict out. */
#ifndef MPBRIDGE_ACCESS_H
#define MPBRIDGE_ACCESS_H

#include "base/address.h"
#include "conf/conf.h"
#include "paths/board.h"

#include <stdbool.h>

/*
 * Whether a peer may use this server: one that `allow` names, or, without `allow`, one in a subnet
 * that this router is directly connected to. (There is no key with method `none`.)
 */
bool access_permits_peer(const struct conf *conf, const struct board_table *table,
			 const struct address *peer);

/*
 * Why a destination is refused: a few words for the log, or NULL when it is permitted. Refused are
 * addresses that no flow can mean, this server's own listening port, and what `deny` names.
 */
const char *access_refuses_target(const struct conf *conf, const struct board_table *table,
				  const struct address *target);

#endif
