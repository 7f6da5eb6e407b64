/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory of salts as a file, so that a restart of the program does not forget them. */
#ifndef MPBRIDGE_SALTS_FILE_H
#define MPBRIDGE_SALTS_FILE_H

#include "shadowsocks/salts.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct salts_file {
	struct salts_store *store; /* NULL: not open */
	unsigned n_tables;	   /* at least as many as there are workers */
	size_t bytes;
	int fd;		   /* -1: memory only */
	off_t found_bytes; /* how large it was before */
};

/*
 * Opens STORE_DIRECTORY/COOKIE.salts-PORT, the cookie of the network namespace, or makes it, with
 * room for so many workers; maps it, to be shared with children that are made from now on. Where
 * no file can be had it is memory only, and a line is logged. 0 or -errno: no memory. A file that
 * is open already, and locked, is used instead of that one, if it is of this version: handed_fd,
 * which is the file's or closed from now on; -1: there is none.
 */
int salts_file_open(struct salts_file *file, uint16_t port, unsigned n_workers, int handed_fd);

/*
 * Makes room for n_tables, in children that are made from now on; those that run keep what they
 * have. Memory alone begins anew. 0 or -errno, and nothing has changed.
 */
int salts_file_fit(struct salts_file *file, unsigned n_tables);

/* Unmaps it. The file stays. Harmless on zeroes. */
void salts_file_close(struct salts_file *file);

#endif
