/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The handover: what a supervisor's program leaves to the one that takes its place in the process.
 */
#ifndef MPBRIDGE_HANDOVER_H
#define MPBRIDGE_HANDOVER_H

#include "daemon/parts.h"

#define HANDOVER_LAYOUT_BYTES 64

struct handover {
	/* What board, messages and salts look like (layout.h): workers of another layout can only
	 * be waited for. */
	char layout[HANDOVER_LAYOUT_BYTES];
	uint64_t instance, started_ms; /* see struct board */
	int board_fd;
	char routers[PARTS_ROUTERS_BYTES];
	/* Of conf.server: addresses and routers, names looked up. */
	struct conf_host server[CONF_SERVERS_MAX];
	unsigned n_servers;
	int control_fd; /* listens for questions; -1: there is none */
	int salts_fd;	/* of the file of salts, which this process has locked; -1: there is none */
	struct sockets sockets;
	struct manager_handover paths;
	struct interception_handover interception;
	unsigned n_workers;
	struct crew_veteran worker[BOARD_WORKERS_MAX];
};

/* This program's layout. */
const char *handover_layout(void);

/* Whether what is handed over has it. */
bool handover_has_own_layout(const struct handover *handover);

/* Fills in what there is. The descriptors stay the owner's. 0 or -ENOSPC. */
int handover_collect(struct handover *handover, const struct parts *parts, int control_fd);

/* As JSON, to be given to free(). NULL: no memory. Pure. */
char *handover_format(const struct handover *handover);

/* False: the text is not what handover_format() writes. Pure. */
bool handover_parse(const char *text, struct handover *out);

/* Whether the descriptors in it, and this one, are handed on to the next program. */
void handover_keep_open(const struct handover *handover, int own_fd, bool is_kept);

/*
 * Writes it into a file in memory, close-on-exec, and returns the descriptor, or -errno;
 * handover_receive() in the next program reads it, if that has the descriptor's number in the
 * environment as HANDOVER_VARIABLE.
 */
int handover_write(const struct handover *handover);

#define HANDOVER_VARIABLE "MPBRIDGE_TAKE_OVER"

/*
 * What the program that ran in this process before has left. 1: *out is it, and its descriptors are
 * close-on-exec; 0: there was none; -EINVAL: it cannot be understood. The variable is then gone.
 */
int handover_receive(struct handover *out);

#endif
