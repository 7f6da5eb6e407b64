/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deriving: what the paths are, from the configuration and a snapshot. Pure. */
#ifndef MPBRIDGE_DERIVE_H
#define MPBRIDGE_DERIVE_H

#include "conf/conf.h"
#include "paths/announce.h"
#include "paths/path.h"
#include "paths/snapshot.h"

/*
 * The paths that can be used now: possibly none, and those to a preferred far router first. A
 * server announces those of its addresses that `announce` has, or that are configured, but for
 * those that are lost.
 */
void derive_paths(const struct conf *conf, const struct snapshot *snapshot,
		  const struct announce *announce, struct paths *paths);

#endif
