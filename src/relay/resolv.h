/* SPDX-License-Identifier: GPL-3.0-or-later */
/* resolv.conf(5): whom to ask for names. Pure: text in, values out. */
#ifndef MPBRIDGE_RESOLV_H
#define MPBRIDGE_RESOLV_H

#include "conf/conf.h"

#include <stddef.h>
#include <stdint.h>

/* "[" + address + "]:65535" for each server, commas between them. */
#define RESOLV_SERVERS_BYTES ((size_t)CONF_NAMESERVERS_MAX * ADDRESS_TEXT_BYTES)

struct resolv {
	struct address server[CONF_NAMESERVERS_MAX]; /* with ports */
	uint32_t n_servers;
	uint32_t timeout_ms; /* for one server, the first time; it doubles with each round */
	uint32_t attempts;   /* rounds */
};

/*
 * Reads the text of a resolv.conf: nameserver, and timeout and attempts of options. What is not
 * understood is passed over, as the C library does; without a server it is the one on this machine.
 * `search` and `domain` mean nothing: names in an address header are absolute.
 */
void resolv_parse(const char *text, struct resolv *out);

/* Writes "192.0.2.53:53,[fd00::53]:53"; returns buf. */
const char *resolv_format_servers(const struct resolv *resolv,
				  char buf[static RESOLV_SERVERS_BYTES]);

#endif
