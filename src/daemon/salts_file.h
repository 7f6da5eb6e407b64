/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory of salts as a file, so that a restart of the program does not forget them. */
#ifndef MPBRIDGE_SALTS_FILE_H
#define MPBRIDGE_SALTS_FILE_H

#include "shadowsocks/salts.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct salts_file {
	struct salts_store *store; /* NULL: not open */
	unsigned n_tables;	   /* at least as many as there are workers */
	size_t bytes;
	int fd; /* -1: memory only */
};

/* What the program before had open, and locked. */
struct salts_handover {
	int fd;
	bool is_same_layout; /* it is written as this program would */
};

/*
 * Opens STORE_DIRECTORY/COOKIE.salts-PORT, the cookie of the network namespace, or makes it, with
 * room for so many workers; maps it, to be shared with children that are made from now on. Where
 * no file can be had it is memory only, and a line is logged. 0 or -errno: no memory. `from` (or
 * NULL) is used instead of that one, if it is of this version; its descriptor is the file's or
 * closed from now on.
 */
int salts_file_open(struct salts_file *file, uint16_t port, unsigned n_workers,
		    const struct salts_handover *from);

/*
 * Makes room for n_tables, in children that are made from now on; those that run keep what they
 * have. Memory alone begins anew. 0 or -errno, and nothing has changed.
 */
int salts_file_fit(struct salts_file *file, unsigned n_tables);

/* Unmaps it. The file stays. Harmless on zeroes. */
void salts_file_close(struct salts_file *file);

#endif
