/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exempt networks: what interception leaves alone, whatever the configuration says. */
#include "firewall/exempt.h"

#include <errno.h>

/* Of one link or of this machine (RFC 6890), and multicast, which TCP does not have. */
static const char *const fixed[] = {
	"0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "255.255.255.255/32",
	"::/128",    "::1/128",	    "fe80::/10",      "ff00::/8",
};

static int add(struct networks *out, const struct network *given)
{
	struct network network = *given;
	struct network *item;

	network_clear_host(&network);
	for (size_t i = 0; i < out->n; i++)
		if (network_equal(&out->item[i], &network))
			return 0;
	item = array_append(out);
	if (!item)
		return -ENOMEM;
	*item = network;
	return 0;
}

static int add_host(struct networks *out, const struct address *address)
{
	struct network network = {.base = *address};

	if (address->family == 0)
		return 0;
	network.base.port = 0;
	network.prefix_len = (uint8_t)(8 * address_ip_bytes(address));
	return add(out, &network);
}

/* An address of which the subnet is everything would leave nothing to take. */
static int add_subnet(struct networks *out, const struct rt_address *address)
{
	return address->subnet.prefix_len > 0 ? add(out, &address->subnet) : 0;
}

static bool is_intercepted(const struct conf *conf, const struct rt_links *links, uint32_t ifindex)
{
	for (size_t i = 0; i < links->n; i++)
		if (links->item[i].ifindex == ifindex)
			return conf_intercepts(&conf->intercept, links->item[i].name);
	return false;
}

static int add_fixed(struct networks *out)
{
	int error = 0;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]) && !error; i++) {
		struct network network;

		if (network_parse(fixed[i], &network))
			error = add(out, &network);
	}
	return error;
}

int exempt_always(const struct conf *conf, const struct rt_links *links,
		  const struct rt_addresses *addresses, struct networks *out)
{
	int error = add_fixed(out);

	for (unsigned i = 0; i < conf->n_servers && !error; i++)
		error = add_host(out, &conf->server[i].address);
	for (size_t i = 0; i < addresses->n && !error; i++)
		if (is_intercepted(conf, links, addresses->item[i].ifindex))
			error = add_subnet(out, &addresses->item[i]);
	for (unsigned i = 0; i < conf->intercept.n_exclude && !error; i++)
		error = add(out, &conf->intercept.exclude[i]);
	return error;
}

int exempt_nearby(const struct rt_addresses *addresses, struct networks *out)
{
	int error = 0;

	for (size_t i = 0; i < addresses->n && !error; i++)
		error = add_subnet(out, &addresses->item[i]);
	return error;
}

bool exempt_covers(const struct networks *networks, const struct network *network)
{
	for (size_t i = 0; i < networks->n; i++)
		if (networks->item[i].prefix_len <= network->prefix_len &&
		    network_contains(&networks->item[i], &network->base))
			return true;
	return false;
}
