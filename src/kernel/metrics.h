/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Metrics of a route: what the kernel is told besides the way. Pure. */
#ifndef MPBRIDGE_METRICS_H
#define MPBRIDGE_METRICS_H

#include "kernel/rtnetlink.h"

/*
 * Gives the route a congestion control (1 to 15 characters), in place of the one that it may have.
 * Subflows that leave by the route then use it, whichever end began them (tcp_ca_dst_init(),
 * tcp_ca_openreq_child()). It is locked: otherwise MPTCP puts the default one back on an accepted
 * subflow when it brings its options up to date (net/mptcp/sockopt.c, sync_socket_options()).
 *
 * The result has the form in which the kernel dumps such a route (net/core/rtnetlink.c,
 * rtnetlink_put_metrics()): in order of type, the name with its NUL, and without the ECN bit that
 * some algorithms imply. False: there is no room, and nothing is changed.
 */
bool metrics_set_congestion(struct rt_route *route, const char *name);

#endif
