/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A path: one of our links to the far router, with all that is decided about it. */
#ifndef MPBRIDGE_PATH_H
#define MPBRIDGE_PATH_H

#include "base/address.h"
#include "conf/conf.h"
#include "paths/board.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What the kernel's MPTCP path manager has to know about a path's local address. */
enum path_endpoint {
	PATH_ENDPOINT_NONE,
	PATH_ENDPOINT_NAME,	/* an id and nothing more: the far end's ADD_ADDR makes us join */
	PATH_ENDPOINT_DIAL,	/* join from it to the address the connection began with */
	PATH_ENDPOINT_ANNOUNCE, /* tell the far end */
};

struct path {
	char interface[IF_NAMESIZE];
	uint32_t ifindex;
	struct address local;
	bool is_local_ready;	/* false: IPv6 still looks for duplicates of it */
	struct address fixed;	/* the configured local address, or family 0 */
	struct address gateway; /* the configured one, or family 0 */
	enum path_endpoint endpoint;
	enum conf_path_role role;		/* PRIMARY, if the path is not a configured one */
	char congestion[CONF_CONGESTION_BYTES]; /* of its routes; "": the kernel's own */
	bool is_congestion_given;		/* for this path: it has that, whatever its role */
	bool is_congestion_named;		/* by the configuration, for this path or for all */
	bool has_scavenger; /* that is what its congestion control is: see kernel/scavenger.h */
	/* client: */
	struct address server; /* where to dial over this path */
	uint32_t reaches; /* a bit for each of conf's servers that it leads to, of local's family */
	uint32_t leads;	  /* a bit for each of conf's servers whose primary path it is */
	uint8_t router;	  /* which far router it leads to, from 0; see conf_host.router */
	bool is_standby;  /* its router is not the one that new connections go to */
	bool is_in_use;	  /* connections to its router may be open */
	bool may_start;
	bool is_down;	/* nothing gets through: its endpoint is taken away */
	bool is_backup; /* it carries nothing while another path works */
};

struct paths {
	unsigned n;
	/* Server: the ways that clients call secondary, and the congestion control of their routes,
	 * whatever their path has; "": none yields, and the path's own routes do. */
	const struct spares *spares;
	char spare_congestion[CONF_CONGESTION_BYTES];
	unsigned n_left_out; /* there was no room for so many */
	struct path path[BOARD_PATHS_MAX];
};

/* Whether one of them is on that interface. */
static inline bool paths_use_interface(const struct paths *paths, const char *interface)
{
	for (unsigned i = 0; i < paths->n; i++)
		if (strcmp(paths->path[i].interface, interface) == 0)
			return true;
	return false;
}

#endif
