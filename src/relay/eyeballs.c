/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Happy eyeballs (RFC 8305): which address of a name is tried next, and when. */
#include "relay/eyeballs.h"

/*
 * Theory of operation. Both families are asked for at once. IPv6 addresses are tried as soon as
 * they are known; IPv4 ones when IPv6 is known to have none, or has not been answered for a moment.
 * From the first attempt on the families take turns, and addresses that come later take the place
 * in the order that they would have had. Addresses of one family stay in the order of the answer:
 * RFC 6724 would sort them by source address, which takes a socket for each, and name servers
 * rotate them.
 */

static enum eyeballs_family family_of(const struct address *address)
{
	return address->family == AF_INET6 ? EYEBALLS_IPV6 : EYEBALLS_IPV4;
}

static enum eyeballs_family other(enum eyeballs_family family)
{
	return family == EYEBALLS_IPV6 ? EYEBALLS_IPV4 : EYEBALLS_IPV6;
}

static bool is_left(const struct eyeballs *eyeballs, enum eyeballs_family family)
{
	return eyeballs->list[family].next < eyeballs->list[family].count;
}

void eyeballs_add(struct eyeballs *eyeballs, const struct address *address)
{
	struct eyeballs_list *list = &eyeballs->list[family_of(address)];

	for (unsigned i = 0; i < list->count; i++)
		if (address_ip_equal(&list->address[i], address))
			return;
	if (list->count < EYEBALLS_PER_FAMILY)
		list->address[list->count++] = *address;
}

void eyeballs_answered(struct eyeballs *eyeballs, enum eyeballs_family family, uint64_t now_ms)
{
	eyeballs->list[family].is_answered = true;
	if (family == EYEBALLS_IPV4)
		eyeballs->ipv4_ms = now_ms;
}

bool eyeballs_is_complete(const struct eyeballs *eyeballs)
{
	return eyeballs->list[EYEBALLS_IPV6].is_answered &&
	       eyeballs->list[EYEBALLS_IPV4].is_answered;
}

uint64_t eyeballs_begin_ms(const struct eyeballs *eyeballs)
{
	if (is_left(eyeballs, EYEBALLS_IPV6))
		return 0;
	if (!is_left(eyeballs, EYEBALLS_IPV4))
		return UINT64_MAX;
	if (eyeballs->list[EYEBALLS_IPV6].is_answered)
		return 0;
	return eyeballs->ipv4_ms + EYEBALLS_RESOLUTION_MS;
}

bool eyeballs_has_next(const struct eyeballs *eyeballs)
{
	return is_left(eyeballs, EYEBALLS_IPV6) || is_left(eyeballs, EYEBALLS_IPV4);
}

const struct address *eyeballs_next(struct eyeballs *eyeballs)
{
	enum eyeballs_family family = eyeballs->following;
	struct eyeballs_list *list;

	if (!eyeballs_has_next(eyeballs))
		return NULL;
	if (!is_left(eyeballs, family))
		family = other(family);
	list = &eyeballs->list[family];
	eyeballs->following = other(family);
	return &list->address[list->next++];
}
