/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Naming: /etc/resolv.conf and /etc/hosts, read for the workers and followed. */
#ifndef MPBRIDGE_NAMING_H
#define MPBRIDGE_NAMING_H

#include "base/loop.h"
#include "conf/conf.h"
#include "relay/directory.h"

struct naming;

/* Reads both files as they are now; resolv.conf does not matter if the configuration names servers.
 * 0 or -errno, the reason logged. A file that is not there is like an empty one. */
int naming_open(struct naming **out, const struct conf *conf);

/* What workers read; NULL for NULL. */
const struct directory *naming_directory(const struct naming *naming);

/* From now on changes of the files reach the workers. A failure is logged. NULL is fine. */
void naming_follow(struct naming *naming, struct loop *loop);

/* From now on it is for another configuration, with the same name servers. NULL is fine. */
void naming_change(struct naming *naming, const struct conf *conf);

void naming_close(struct naming *naming);

#endif
