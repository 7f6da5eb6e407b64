/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two configurations that fit together, written for a list of links. Pure but for memory. */
#ifndef MPBRIDGE_PAIR_TEXT_H
#define MPBRIDGE_PAIR_TEXT_H

#include "conf/conf.h"

/* One link, from the client router to the server router. */
struct pair_link {
	struct conf_host server;     /* its address on the link, or its name */
	struct address client;	     /* the client's address on the link; family 0: not given */
	char interface[IF_NAMESIZE]; /* the client's; "": not given */
};

struct pair {
	const struct method *method;
	uint16_t port;
	const char *key; /* as the files have it; NULL: the method has none */
	struct pair_link link[CONF_SERVERS_MAX];
	unsigned n_links;
};

/*
 * Reads "[CLIENT=]SERVER", SERVER being an address or a name, and CLIENT an address, an interface,
 * or both as "ADDRESS%INTERFACE". NULL, or what is wrong, as a sentence; *out is untouched then.
 */
const char *pair_read_link(const char *text, struct pair_link *out);

/*
 * The file of one end, to be freed with pair_free(); NULL: no memory. The client's has `paths` if
 * the links have interfaces; the server's listens at the links' addresses, unless one of them is a
 * name, and has `allow` if the links have client addresses. Nothing is checked here: what reads the
 * file does that.
 */
char *pair_write(const struct pair *pair, enum conf_role role);

/* Wipes it. NULL is allowed. */
void pair_free(char *text);

/* What the links lack to be written down, as a sentence; NULL: nothing. */
const char *pair_find_gap(const struct pair *pair);

#endif
