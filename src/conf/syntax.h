/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The syntax of single values: hosts, numbers, names of interfaces and users. */
#ifndef MPBRIDGE_SYNTAX_H
#define MPBRIDGE_SYNTAX_H

#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads an IP address (an IPv6 address also in brackets) or a host name (RFC 1123; not resolved,
 * its address stays zero). NULL: done. Otherwise what is wrong, as a sentence; *out is untouched.
 */
const char *syntax_read_host(const char *text, struct conf_host *out);

/* The same for an address alone: names are refused. */
const char *syntax_read_address(const char *text, struct address *out);

/*
 * Reads the address of a name server: "192.0.2.53", "192.0.2.53:5353", "fd00::53",
 * "[fd00::53]:5353"; the port is 53 unless there is one. False: none of these, *out is untouched.
 */
bool syntax_read_nameserver(const char *text, struct address *out);

/* Whether it can be the name of a host (RFC 1123), a dot at its end or not. */
bool syntax_is_host_name(const char *text);

/* Reads decimal digits, nothing else. False: not digits, or above INT64_MAX; *out is untouched. */
bool syntax_read_number(const char *text, int64_t *out);

/* Reads hexadecimal digits behind "0x", at most 8. False: anything else; *out is untouched. */
bool syntax_read_hex(const char *text, int64_t *out);

/* Reads "443" or "8000-8999", of 1 to 65535. False: anything else; *out is untouched. */
bool syntax_read_ports(const char *text, struct conf_ports *out);

/* Whether the kernel would take it as the name of an interface (net/core/dev.c, dev_valid_name()).
 */
bool syntax_is_interface(const char *text);

/* Whether it can be the name of a congestion control: 1 to 15 of a-z, 0-9 and _. */
bool syntax_is_congestion(const char *text);

/* Whether it can be a user's name (useradd(8)). */
bool syntax_is_user(const char *text);

/* How many of the bytes, from the first on, are UTF-8 (RFC 3629: no surrogates, nothing overlong).
 */
size_t syntax_utf8_length(const char *text, size_t length);

#endif
