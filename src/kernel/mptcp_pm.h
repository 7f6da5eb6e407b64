/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's MPTCP path manager: endpoints and limits, over generic netlink. */
#ifndef MPBRIDGE_MPTCP_PM_H
#define MPBRIDGE_MPTCP_PM_H

#include "kernel/array.h"
#include "kernel/netlink.h"

#include <stdbool.h>

/* The kernel's own bound on endpoints and on both limits (net/mptcp/pm_kernel.c,
 * MPTCP_PM_ADDR_MAX). */
#define MPTCP_PM_MOST 8

/* Announce the address; or dial from it; or neither: the address just has an id. */
#define MPTCP_PM_SIGNAL	  (1u << 0)
#define MPTCP_PM_SUBFLOW  (1u << 1)
#define MPTCP_PM_BACKUP	  (1u << 2)
#define MPTCP_PM_FULLMESH (1u << 3)
#define MPTCP_PM_IMPLICIT (1u << 4) /* made by the kernel for an address without an endpoint */

struct mptcp_endpoint {
	struct address address; /* with a port, if the endpoint has one */
	uint8_t id;
	uint32_t flags;	  /* MPTCP_PM_ */
	uint32_t ifindex; /* 0: whatever the routes say */
};

/* Per connection, beyond its first subflow. */
struct mptcp_limits {
	uint32_t subflows;
	uint32_t add_addr_accepted;
};

struct mptcp_endpoints ARRAY_OF(struct mptcp_endpoint);

/* The first one at this IP, whatever its port; NULL: there is none. Pure. */
const struct mptcp_endpoint *mptcp_endpoint_at(const struct mptcp_endpoints *endpoints,
					       const struct address *ip);

struct mptcp_pm {
	struct netlink netlink;
	uint16_t family; /* generic netlink's number of "mptcp_pm" */
};

/*
 * 0; -ENOENT: this kernel has no MPTCP; -EOPNOTSUPP: it has, but net.mptcp.enabled is 0 here; or
 * another -errno. mptcp_pm_close() is harmless after all of these.
 */
int mptcp_pm_open(struct mptcp_pm *pm);
void mptcp_pm_close(struct mptcp_pm *pm);

/* Adds to what the array holds. 0 or -errno. */
int mptcp_pm_dump(struct mptcp_pm *pm, struct mptcp_endpoints *endpoints);

/*
 * 0 or -errno: -EEXIST and -EINVAL (address or id is there already), -ERANGE (the kernel holds no
 * more than MPTCP_PM_MOST), -EPERM. With id 0 the kernel chooses one.
 */
int mptcp_pm_add(struct mptcp_pm *pm, const struct mptcp_endpoint *endpoint);

/* Deletes by id, and closes the subflows that use it. 0 or -errno. */
int mptcp_pm_delete(struct mptcp_pm *pm, const struct mptcp_endpoint *endpoint);

/*
 * Makes the endpoint with this id, and the subflows that use it, a backup or not, as its flags say;
 * the far ends are told (MP_PRIO, RFC 8684 3.3.8). 0 or -errno.
 */
int mptcp_pm_set_backup(struct mptcp_pm *pm, const struct mptcp_endpoint *endpoint);

int mptcp_pm_get_limits(struct mptcp_pm *pm, struct mptcp_limits *limits);
int mptcp_pm_set_limits(struct mptcp_pm *pm, const struct mptcp_limits *limits);

/*
 * The kernel's answers: its number of a family (context: uint16_t), an endpoint to be added (struct
 * mptcp_endpoints), limits (struct mptcp_limits). Pure. 0, -ENOMEM or -EBADMSG.
 */
int mptcp_pm_on_family(const struct nlmsghdr *message, void *context);
int mptcp_pm_on_endpoint(const struct nlmsghdr *message, void *context);
int mptcp_pm_on_limits(const struct nlmsghdr *message, void *context);

#endif
