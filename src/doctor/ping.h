/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pings of several sizes, which nobody may cut into pieces. */
#ifndef MPBRIDGE_DOCTOR_PING_H
#define MPBRIDGE_DOCTOR_PING_H

#include "base/address.h"
#include "doctor/hop.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#define PING_SIZES	 11
#define PING_SMALL_BYTES 100u

/* Echo requests to one address. */
struct ping {
	char interface[IF_NAMESIZE];
	struct address local, to;
	struct address by; /* a gateway, past the routes; family 0: as the routes say */
	unsigned n_sizes;
	uint32_t size[PING_SIZES]; /* of IP packets, the largest first, the last one small */
	bool has_come[PING_SIZES]; /* an answer */
	bool is_sent;		   /* false: that cannot be done here, as without CAP_NET_RAW */
	bool is_told;		   /* a router has said that a packet is too large for the way */
	uint32_t told_bytes;	   /* and how large it may be; 0: it did not say */
	int fd;
	struct hop hop;
};

/*
 * Prepares a small one, and with full_bytes (of the IP packet; 0: none) one of that size and those
 * below it that are the MTU of usual links. `interface` and `local` are where they leave; `by` may
 * be set then.
 */
void ping_init(struct ping *ping, const char *interface, const struct address *local,
	       const struct address *to, uint32_t full_bytes);

/* Sends each of them three times until it is answered, and waits for two seconds at most. */
void ping_all(struct ping *const *pings, unsigned n);

/* Whether the small one was answered. */
bool ping_is_answered(const struct ping *ping);

/* The size of the largest one that was; 0: none. */
uint32_t ping_largest(const struct ping *ping);

/* Binds a socket to the interface, whatever the routes of others say, and to the address. False: it
 * cannot be. */
bool ping_tie(int fd, const char *interface, const struct address *local);

#endif
