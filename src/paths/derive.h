/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Deriving: what the paths are, from the configuration and a snapshot. Pure. */
#ifndef MPBRIDGE_DERIVE_H
#define MPBRIDGE_DERIVE_H

#include "conf/conf.h"
#include "paths/path.h"
#include "paths/snapshot.h"

/* The paths that can be used now: possibly none. */
void derive_paths(const struct conf *conf, const struct snapshot *snapshot,
		  const struct witnesses *witnesses, struct paths *paths);

#endif
