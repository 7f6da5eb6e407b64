/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The address header: where a flow wants to go, and perhaps which host it is from. */
#ifndef MPBRIDGE_TARGET_H
#define MPBRIDGE_TARGET_H

#include "base/address.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 *  +------+----------------------------------+----------------+
 *  | ATYP | 1: 4 bytes of IPv4               | port           |
 *  | 1    | 3: length byte, then a host name | 2, big endian  |
 *  |      | 4: 16 bytes of IPv6              |                |
 *  +------+----------------------------------+----------------+
 *
 * as in SOCKS5 (RFC 1928 section 5); the first bytes that a Shadowsocks client sends (SIP007). A
 * client of ours that is told to (transparent_source) puts its host's address before that:
 *
 *  +------+------+--------------------------+---------+---------------------+
 *  | 0x80 | ATYP | 4 or 16 bytes of address | port    | ATYP, ... as above  |
 *  | 1    | 1, 4 | of the host              | 2       |                     |
 *  +------+------+--------------------------+---------+---------------------+
 *
 * No other program has an ATYP of 0x80, nor one of 0, which is what some make of it that look at
 * the lower four bits alone: they refuse the connection.
 */
#define TARGET_NAME_MAX	    255
#define TARGET_SOURCE_BYTES (1 + 1 + 16 + 2)
#define TARGET_PLAIN_BYTES  (1 + 1 + TARGET_NAME_MAX + 2)
#define TARGET_HEADER_BYTES (TARGET_SOURCE_BYTES + TARGET_PLAIN_BYTES)

/* The longest text of a target: a name and ":65535", NUL. */
#define TARGET_TEXT_BYTES (TARGET_NAME_MAX + 7)

struct target {
	struct address address;		/* with its port; family 0: the name is given instead */
	char name[TARGET_NAME_MAX + 1]; /* "" unless a name is given; only visible ASCII */
	struct address source;		/* of the host, with its port; family 0: not told */
};

/*
 * Reads a header from the start of `bytes`. Returns its length; 0 when more bytes are needed;
 * -EPROTO when it cannot become a header: unknown ATYP, an empty name or one with bytes that no
 * name has, a host that is a name, port 0. *out is touched only on success. An IPv4-mapped IPv6
 * address becomes IPv4.
 */
ssize_t target_parse(const uint8_t *bytes, size_t length, struct target *out);

/* Writes the header of an address with a port; returns its length. */
size_t target_write(const struct address *address, uint8_t out[static TARGET_HEADER_BYTES]);

/* The same of a connection of the host at `source`, with its port. */
size_t target_write_from(const struct address *source, const struct address *address,
			 uint8_t out[static TARGET_HEADER_BYTES]);

/* Writes the header of a name, of 1 to TARGET_NAME_MAX bytes, and a port; returns its length. */
size_t target_write_name(const char *name, uint16_t port, uint8_t out[static TARGET_HEADER_BYTES]);

/* "192.0.2.1:80", "[fd00::1]:80", "example.net:80"; returns buf. */
const char *target_format(const struct target *target, char buf[static TARGET_TEXT_BYTES]);

#endif
