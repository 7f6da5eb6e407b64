/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The address header: where a flow wants to go. */
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
 * as in SOCKS5 (RFC 1928 section 5); the first bytes that a Shadowsocks client sends (SIP007).
 */
#define TARGET_NAME_MAX	    255
#define TARGET_HEADER_BYTES (1 + 1 + TARGET_NAME_MAX + 2)

/* The longest text of a target: a name and ":65535", NUL. */
#define TARGET_TEXT_BYTES (TARGET_NAME_MAX + 7)

struct target {
	struct address address;		/* with its port; family 0: the name is given instead */
	char name[TARGET_NAME_MAX + 1]; /* "" unless a name is given; only visible ASCII */
};

/*
 * Reads a header from the start of `bytes`. Returns its length; 0 when more bytes are needed;
 * -EPROTO when it cannot become a header: unknown ATYP, an empty name or one with bytes that no
 * name has, port 0. *out is touched only on success. An IPv4-mapped IPv6 address becomes IPv4.
 */
ssize_t target_parse(const uint8_t *bytes, size_t length, struct target *out);

/* Writes the header of an address with a port; returns its length. */
size_t target_write(const struct address *address, uint8_t out[static TARGET_HEADER_BYTES]);

/* Writes the header of a name, of 1 to TARGET_NAME_MAX bytes, and a port; returns its length. */
size_t target_write_name(const char *name, uint16_t port, uint8_t out[static TARGET_HEADER_BYTES]);

/* "192.0.2.1:80", "[fd00::1]:80", "example.net:80"; returns buf. */
const char *target_format(const struct target *target, char buf[static TARGET_TEXT_BYTES]);

#endif
