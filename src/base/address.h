/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An IP address with an optional port, and a network: plain values, no sockets. */
#ifndef MPBRIDGE_ADDRESS_H
#define MPBRIDGE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Longest text: "[" + 45 characters of IPv6 + "]:65535" + NUL. */
#define ADDRESS_TEXT_BYTES 56
/* Longest text: an address + "/128" + NUL. */
#define NETWORK_TEXT_BYTES 56

struct address {
	sa_family_t family; /* AF_INET, AF_INET6; 0: no address */
	uint16_t port;	    /* host byte order; 0: none */
	uint8_t ip[16];	    /* network byte order; IPv4 uses the first four, the rest is zero */
};

struct network {
	struct address
		base; /* may have host bits set: an interface's own address, with its prefix */
	uint8_t prefix_len; /* 0..32 or 0..128 */
};

/* Reads "10.0.0.1" or "fd00::1" (no port, no scope, no name). False: *out is untouched. */
bool address_parse(const char *text, struct address *out);

/* Reads "10.0.0.0/8", "fd00::/8", or a lone address, which is a network of one. */
bool network_parse(const char *text, struct network *out);

/* Writes the address, with its port if it has one ("10.0.0.1:80", "[fd00::1]:80"); returns buf. */
const char *address_format(const struct address *a, char buf[static ADDRESS_TEXT_BYTES]);

/* Writes the address without its port; returns buf. */
const char *address_format_ip(const struct address *a, char buf[static ADDRESS_TEXT_BYTES]);

/* Writes "base/prefix_len"; returns buf. */
const char *network_format(const struct network *n, char buf[static NETWORK_TEXT_BYTES]);

/* From 4 (AF_INET) or 16 (AF_INET6) bytes in network order. IPv4-mapped IPv6 becomes IPv4. */
struct address address_from_bytes(sa_family_t family, const uint8_t *bytes);

/* From the kernel's form. IPv4-mapped IPv6 becomes IPv4. Another family gives the zero address. */
struct address address_from_sockaddr(const struct sockaddr_storage *ss);

/*
 * Into the kernel's form; returns its length. With as_ipv6 an IPv4 address becomes IPv4-mapped, for
 * an AF_INET6 socket that serves both families.
 */
socklen_t address_to_sockaddr(const struct address *a, bool as_ipv6, struct sockaddr_storage *out);

/* Length of the IP in bytes: 4, 16, or 0 for the zero address. */
size_t address_ip_bytes(const struct address *a);

bool address_ip_equal(const struct address *a, const struct address *b); /* ports ignored */
bool address_equal(const struct address *a, const struct address *b);	 /* ports compared */
bool network_equal(const struct network *a, const struct network *b);

/* Clears the bits of the base that are behind the prefix. */
void network_clear_host(struct network *n);

bool network_contains(const struct network *n, const struct address *a);

/* Whether the address means all hosts of the network: the last one of IPv4, unless that is a
 * point-to-point link's (RFC 3021). */
bool network_is_broadcast(const struct network *n, const struct address *a);

bool address_is_unspecified(const struct address *a); /* 0.0.0.0/8, :: */
bool address_is_loopback(const struct address *a);    /* 127.0.0.0/8, ::1 */
bool address_is_multicast(const struct address *a);   /* 224.0.0.0/4, ff00::/8 */
bool address_is_link_local(const struct address *a);  /* 169.254.0.0/16, fe80::/10 */
bool address_is_broadcast(const struct address *a);   /* 255.255.255.255 */
bool address_is_reserved(const struct address *a);    /* 240.0.0.0/4, RFC 1112 section 4 */

#endif
