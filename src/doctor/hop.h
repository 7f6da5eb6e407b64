/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The next hop: IPv4 packets to a gateway of our choice, past the routes. */
#ifndef MPBRIDGE_DOCTOR_HOP_H
#define MPBRIDGE_DOCTOR_HOP_H

#include "base/address.h"

#include <linux/if_packet.h>
#include <stdint.h>

struct hop {
	int fd;
	struct sockaddr_ll gateway;
};

/*
 * Prepares to send by this interface to the gateway, which has to be among the kernel's neighbours
 * (/proc/net/arp), as it is soon after something was sent to it. 0, to be given to hop_close(); or
 * -EAFNOSUPPORT (IPv6), -ENOENT (no such neighbour), or another -errno. Needs CAP_NET_RAW.
 */
int hop_open(struct hop *hop, const char *interface, const struct address *gateway);
void hop_close(struct hop *hop);

/* Sends n bytes of ICMP from one address to another; no router may cut it into pieces. */
void hop_send(const struct hop *hop, const struct address *from, const struct address *to,
	      uint8_t *icmp, size_t n);

/* Whether this line of /proc/net/arp is about that address on that interface, and tells six bytes
 * of hardware address. Pure. */
bool hop_read_neighbour(const char *line, const char *interface, const struct address *gateway,
			uint8_t hardware[static 6]);

/* The checksum of RFC 1071, in network byte order. Pure. */
uint16_t hop_sum(const uint8_t *bytes, size_t n);

#endif
