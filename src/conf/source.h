/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The source of a configuration: the flags that the program was started with, kept to be read
 * again. */
#ifndef MPBRIDGE_SOURCE_H
#define MPBRIDGE_SOURCE_H

#include "conf/conf.h"

struct conf_source {
	enum conf_role role;
	int argc;
	char *words; /* one behind the other, in memory for keys: there may be a password */
	size_t words_bytes;
	int directory_fd; /* where file names begin; -1: unknown */
};

/* Copies the flags, before conf_read() has seen them. 0 or -errno. */
int conf_source_open(struct conf_source *source, enum conf_role role, int argc, char **argv);

/* Wipes them. Harmless on zeroes. */
void conf_source_close(struct conf_source *source);

/* As conf_read() of the flags and the file that they name, as it is now. */
int conf_source_read(const struct conf_source *source, struct conf *out, struct messages *errors,
		     struct messages *notes);

#endif
