/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may use a server, and where to. Pure: values in, a verdict out. */
#ifndef MPBRIDGE_ACCESS_H
#define MPBRIDGE_ACCESS_H

#include "base/address.h"
#include "conf/conf.h"
#include "paths/board.h"

#include <stdbool.h>

/*
 * Whether a peer may use this server, as far as its address tells: one that `allow` names; without
 * `allow`, with a key everyone, since the key will tell, and without one those in a subnet that
 * this router is directly connected to.
 */
bool access_permits_peer(const struct conf *conf, const struct board_table *table,
			 const struct address *peer);

/*
 * Why a destination is refused: a few words for the log, or NULL when it is permitted. Refused are
 * addresses that no flow can mean, this server's own listening port, and what `deny` names.
 */
const char *access_refuses_target(const struct conf *conf, const struct board_table *table,
				  const struct address *target);

/*
 * Why an address that a client told is none of a host behind it: a few words for the log, or NULL.
 * It has to be one host's. With `transparent_networks` it must be in one of them. Without, it may
 * not be in a subnet of this router: answers to there would not come by it, and nobody is to speak
 * for its neighbours.
 */
const char *access_refuses_source(const struct conf *conf, const struct board_table *table,
				  const struct address *source);

#endif
