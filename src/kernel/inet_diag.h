/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel knows of TCP connections and MPTCP subflows, over NETLINK_SOCK_DIAG. */
#ifndef MPBRIDGE_INET_DIAG_H
#define MPBRIDGE_INET_DIAG_H

#include "kernel/array.h"
#include "kernel/netlink.h"

#include <stdbool.h>

/* What is beyond is only counted, so that the answer of a very busy router stays bounded. */
#define INET_DIAG_MOST	   32768
#define INET_DIAG_CC_BYTES 16 /* TCP_CA_NAME_MAX */

/* A TCP socket that is open or begins; on an MPTCP connection that is a subflow. */
struct inet_diag_subflow {
	struct address local, remote; /* with their ports */
	uint32_t ifindex;	      /* the interface that it is bound to; 0: to none */
	uint64_t cookie;	      /* the kernel's name for the socket, never used twice */
	bool is_established;	      /* false: its handshake is under way */
	bool is_mptcp;	/* or asks for it; false: plain TCP, also such that fell back to it */
	bool is_joined; /* by MP_JOIN; false: the connection began with it */
	bool is_backup; /* for one side at least */
	uint32_t token; /* of the MPTCP connection on our side; 0: none */
	uint32_t rtt_us;
	uint64_t bytes_acked;	 /* sent, and acknowledged */
	uint64_t bytes_received; /* in their order */
	uint64_t bytes_sent;	 /* all that went out, what was sent again included */
	uint64_t bytes_sent_again;
	uint64_t delivery_rate; /* bytes per second, the kernel's latest sample */
	char congestion_control[INET_DIAG_CC_BYTES];
};

struct inet_diag_subflows {
	struct inet_diag_subflow *item;
	size_t n;
	size_t capacity;
	size_t n_left_out;
};

/*
 * Adds the sockets of both families whose local port, or whose remote port, is this one (the other
 * is 0: any). 0 or -errno: -ENOENT, -EPROTONOSUPPORT: this kernel has no inet_diag. Tokens need
 * CAP_NET_ADMIN. One dump costs the kernel a walk over its table of connections.
 */
int inet_diag_dump(uint16_t local_port, uint16_t remote_port, struct inet_diag_subflows *subflows);

/*
 * Closes one that was dumped, and no other that has come to its addresses meanwhile. The far end
 * gets a RST. 0 or -errno: -ENOENT, -ESTALE: it is gone; -EOPNOTSUPP: this kernel cannot (no
 * CONFIG_INET_DIAG_DESTROY). Needs CAP_NET_ADMIN.
 */
int inet_diag_destroy(const struct inet_diag_subflow *subflow);

/*
 * One message of that dump, added to the struct inet_diag_subflows that `context` is. Pure. 0,
 * -ENOMEM or -EBADMSG.
 */
int inet_diag_on_socket(const struct nlmsghdr *message, void *context);

#endif
