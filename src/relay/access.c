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

/* What no flow can come from or go to, or NULL. */
static const char *find_fault(const struct address *address)
{
	if (address_is_unspecified(address))
		return "the unspecified address";
	if (address_is_loopback(address))
		return "a loopback address";
	if (address_is_multicast(address))
		return "a multicast address";
	if (address_is_broadcast(address))
		return "a broadcast address";
	if (address_is_link_local(address))
		return "a link-local address";
	return NULL;
}

const char *access_refuses_target(const struct conf *conf, const struct board_table *table,
				  const struct address *target)
{
	const char *fault = find_fault(target);

	if (fault)
		return fault;
	if (target->port == conf->server_port && board_is_own_address(table, target))
		return "this server itself: it would be a loop";
	if (is_in(conf->deny, conf->n_deny, target))
		return "denied by the configuration";
	return NULL;
}

const char *access_refuses_source(const struct conf *conf, const struct board_table *table,
				  const struct address *source)
{
	const char *fault = find_fault(source);

	if (fault)
		return fault;
	if (address_is_reserved(source))
		return "a reserved address";
	if (board_is_own_address(table, source))
		return "an address of this router";
	/* the kernel would send from an address of the router's own */
	if (board_is_broadcast(table, source))
		return "the broadcast address of a subnet";
	if (conf->n_transparent > 0)
		return is_in(conf->transparent, conf->n_transparent, source)
			       ? NULL
			       : "it is in none of the networks that \"transparent_networks\" "
				 "names";
	if (table->has_more_nets)
		return "not all subnets of this router are known, and \"transparent_networks\" "
		       "names "
		       "none";
	if (board_is_connected(table, source))
		return "it is in a subnet of this router, and \"transparent_networks\" names none";
	return NULL;
}
