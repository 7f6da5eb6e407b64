/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may use a server, and where to. */
#include "relay/access.h"

#include <stddef.h>

static bool is_in(const struct network *list, unsigned count, const struct address *ip)
{
	for (unsigned i = 0; i < count; i++)
		if (network_contains(&list[i], ip))
			return true;
	return false;
}

bool access_permits_peer(const struct conf *conf, const struct board_table *table,
			 const struct address *peer)
{
	if (conf->n_allow > 0)
		return is_in(conf->allow, conf->n_allow, peer);
	return conf->key || board_is_connected(table, peer);
}

const char *access_refuses_target(const struct conf *conf, const struct board_table *table,
				  const struct address *target)
{
	if (address_is_unspecified(target))
		return "the unspecified address";
	if (address_is_loopback(target))
		return "a loopback address";
	if (address_is_multicast(target))
		return "a multicast address";
	if (address_is_broadcast(target))
		return "a broadcast address";
	if (address_is_link_local(target))
		return "a link-local address";
	if (target->port == conf->server_port && board_is_own_address(table, target))
		return "this server itself: it would be a loop";
	if (is_in(conf->deny, conf->n_deny, target))
		return "denied by the configuration";
	return NULL;
}
