/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looking up the names in the configuration, once, at the start. */
#ifndef MPBRIDGE_RESOLVE_H
#define MPBRIDGE_RESOLVE_H

#include "conf/conf.h"
#include "daemon/privilege.h"

/*
 * Replaces each name in conf->server by its addresses: all of them, both families, as many as there
 * is room for. A process without privileges does it, since answers come from the network. 0 or
 * -errno, the reason logged.
 */
int resolve_servers(struct conf *conf, const struct privilege_user *user);

#endif
