/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Happy eyeballs (RFC 8305): which address of a name is tried next, and when. Pure. */
#ifndef MPBRIDGE_EYEBALLS_H
#define MPBRIDGE_EYEBALLS_H

#include "base/address.h"

#include <stdbool.h>
#include <stdint.h>

#define EYEBALLS_PER_FAMILY    4   /* addresses; more of a family are left out */
#define EYEBALLS_RESOLUTION_MS 50  /* how long IPv4 waits for IPv6, RFC 8305 section 3 */
#define EYEBALLS_ATTEMPT_MS    250 /* an attempt's head start, RFC 8305 section 5 */

enum eyeballs_family { EYEBALLS_IPV6, EYEBALLS_IPV4, EYEBALLS_FAMILIES };

struct eyeballs_list {
	struct address address[EYEBALLS_PER_FAMILY];
	uint8_t count, next;
	bool is_answered;
};

/* All zero: nothing is known. */
struct eyeballs {
	struct eyeballs_list list[EYEBALLS_FAMILIES];
	uint64_t ipv4_ms;		/* when IPv4 was answered */
	enum eyeballs_family following; /* the family whose turn it is */
};

/* Adds an address, unless it is there already, or there is no room. */
void eyeballs_add(struct eyeballs *eyeballs, const struct address *address);

/* No more addresses of the family will come. */
void eyeballs_answered(struct eyeballs *eyeballs, enum eyeballs_family family, uint64_t now_ms);

/* Whether both families have been answered. */
bool eyeballs_is_complete(const struct eyeballs *eyeballs);

/* When the first attempt may begin: a time that may be past, or UINT64_MAX: nothing to try yet. */
uint64_t eyeballs_begin_ms(const struct eyeballs *eyeballs);

/* Whether an address is left that was not tried. */
bool eyeballs_has_next(const struct eyeballs *eyeballs);

/* The next address to try, IPv6 first and the families by turns, or NULL. */
const struct address *eyeballs_next(struct eyeballs *eyeballs);

#endif
