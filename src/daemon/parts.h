/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a running supervisor is made of, and what of it another configuration changes. */
#ifndef MPBRIDGE_PARTS_H
#define MPBRIDGE_PARTS_H

#include "conf/source.h"
#include "daemon/crew.h"
#include "daemon/naming.h"
#include "daemon/salts_file.h"
#include "firewall/interception.h"
#include "firewall/marking.h"
#include "paths/manager.h"

struct parts {
	struct conf *conf; /* allocated, and wiped with conf_exit() */
	const struct conf_source *source;
	struct loop loop;
	struct privilege_user user;
	struct sockets sockets;
	struct board *board;
	int board_fd; /* of the memory that it is; close-on-exec */
	struct salts_file salts;
	struct manager *manager;
	struct interception *interception; /* NULL: the firewall is left alone */
	struct interception *leaving;	   /* kept for flows that it has taken over, or NULL */
	struct marking *marking;
	struct naming *naming; /* NULL on a client */
	struct crew crew;
};

/* Longest text: each address with the number of its router, and the port. */
#define PARTS_ROUTERS_BYTES (CONF_SERVERS_MAX * (ADDRESS_TEXT_BYTES + 4) + 8)

/* Writes the far routers of a client, in their order: so they are told apart. */
void parts_describe_routers(const struct conf *conf, char text[static PARTS_ROUTERS_BYTES]);

/* How many workers a configuration has here. */
unsigned parts_count_workers(const struct conf *conf);

/*
 * Opens the memory of salts, where one is needed or handed over and there is none, for so many;
 * `from` as for salts_file_open(). 0 or -errno, which has been logged.
 */
int parts_prepare_salts(struct parts *parts, const struct conf *conf, unsigned n_tables,
			const struct salts_handover *from);

#endif
