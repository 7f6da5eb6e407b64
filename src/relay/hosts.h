/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hosts(5): names with addresses that nobody is asked for. Pure: text in, values out. */
#ifndef MPBRIDGE_HOSTS_H
#define MPBRIDGE_HOSTS_H

#include "base/address.h"

#include <stdbool.h>
#include <stdint.h>

#define HOSTS_MAX	 4096
#define HOSTS_TEXT_BYTES 131072

struct hosts_entry {
	uint32_t name; /* where in `text` it begins */
	struct address address;
};

struct hosts {
	uint32_t n, text_bytes;		     /* what is used of both */
	bool is_cut;			     /* there was no room for all of the file */
	struct hosts_entry entry[HOSTS_MAX]; /* by name; of one name in the file's order */
	char text[HOSTS_TEXT_BYTES];	     /* names in small letters, a NUL behind each */
};

/* Reads the text of a hosts file. Lines that cannot be read are passed over. */
void hosts_parse(const char *text, struct hosts *out);

/* Writes the addresses of a name, `max` at most; returns how many. Letters' case does not matter,
 * nor does a dot at its end. */
unsigned hosts_find(const struct hosts *hosts, const char *name, struct address *out, unsigned max);

/* Copies what is used of it. */
void hosts_copy(struct hosts *to, const struct hosts *from);

#endif
