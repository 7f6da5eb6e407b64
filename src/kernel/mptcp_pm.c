/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The kernel's MPTCP path manager over generic netlink (net/mptcp/pm_netlink.c). */
#include "kernel/mptcp_pm.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <linux/mptcp.h>
#include <stdio.h>
#include <string.h>

static struct nlmsghdr *prepare(struct netlink_request *request, uint16_t family, uint8_t command,
				uint8_t version)
{
	struct nlmsghdr *message = netlink_prepare(request, family, 0);
	struct genlmsghdr *header = netlink_extend(message, sizeof(*header));

	header->cmd = command;
	header->version = version;
	return message;
}

int mptcp_pm_on_family(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *table[CTRL_ATTR_FAMILY_ID + 1];
	uint16_t *family = context;

	netlink_attributes(message, sizeof(struct genlmsghdr), table, CTRL_ATTR_FAMILY_ID);
	*family = netlink_u16(table[CTRL_ATTR_FAMILY_ID], 0);
	return *family ? 0 : -EBADMSG;
}

static int find_family(struct mptcp_pm *pm)
{
	struct netlink_request request;
	struct nlmsghdr *message = prepare(&request, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1);

	netlink_put_text(message, CTRL_ATTR_FAMILY_NAME, MPTCP_PM_NAME);
	return netlink_ask(&pm->netlink, message, mptcp_pm_on_family, &pm->family);
}

static bool is_enabled(void)
{
	FILE *file = fopen("/proc/sys/net/mptcp/enabled", "re");
	int first = '1';

	if (file) {
		first = fgetc(file);
		fclose(file);
	}
	return first != '0';
}

const struct mptcp_endpoint *mptcp_endpoint_at(const struct mptcp_endpoints *endpoints,
					       const struct address *ip)
{
	for (size_t i = 0; i < endpoints->n; i++)
		if (address_ip_equal(&endpoints->item[i].address, ip))
			return &endpoints->item[i];
	return NULL;
}

int mptcp_pm_open(struct mptcp_pm *pm)
{
	int error = netlink_open(&pm->netlink, NETLINK_GENERIC);

	pm->family = 0;
	if (error == -EPROTONOSUPPORT)
		return -ENOENT;
	if (!error)
		error = find_family(pm);
	if (!error && !is_enabled())
		error = -EOPNOTSUPP;
	if (error)
		mptcp_pm_close(pm);
	return error;
}

void mptcp_pm_close(struct mptcp_pm *pm)
{
	netlink_close(&pm->netlink);
}

static struct address address_of(const struct nlattr *const *table)
{
	uint16_t family = netlink_u16(table[MPTCP_PM_ADDR_ATTR_FAMILY], 0);
	struct address address = {0};

	if (family == AF_INET)
		address = netlink_address(table[MPTCP_PM_ADDR_ATTR_ADDR4], AF_INET);
	else if (family == AF_INET6)
		address = netlink_address(table[MPTCP_PM_ADDR_ATTR_ADDR6], AF_INET6);
	address.port = netlink_u16(table[MPTCP_PM_ADDR_ATTR_PORT], 0);
	return address;
}

int mptcp_pm_on_endpoint(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *outer[MPTCP_PM_ATTR_ADDR + 1];
	const struct nlattr *table[MPTCP_PM_ADDR_ATTR_MAX + 1];
	struct mptcp_endpoint *endpoint;

	netlink_attributes(message, sizeof(struct genlmsghdr), outer, MPTCP_PM_ATTR_ADDR);
	if (!outer[MPTCP_PM_ATTR_ADDR])
		return 0;
	netlink_nested_attributes(outer[MPTCP_PM_ATTR_ADDR], table, MPTCP_PM_ADDR_ATTR_MAX);
	endpoint = array_append((struct mptcp_endpoints *)context);
	if (!endpoint)
		return -ENOMEM;
	endpoint->address = address_of(table);
	endpoint->id = netlink_u8(table[MPTCP_PM_ADDR_ATTR_ID], 0);
	endpoint->flags = netlink_u32(table[MPTCP_PM_ADDR_ATTR_FLAGS], 0);
	endpoint->ifindex = netlink_u32(table[MPTCP_PM_ADDR_ATTR_IF_IDX], 0);
	return 0;
}

int mptcp_pm_dump(struct mptcp_pm *pm, struct mptcp_endpoints *endpoints)
{
	struct netlink_request request;
	struct nlmsghdr *message =
		prepare(&request, pm->family, MPTCP_PM_CMD_GET_ADDR, MPTCP_PM_VER);

	return netlink_dump(&pm->netlink, message, mptcp_pm_on_endpoint, endpoints);
}

/* `command` on the endpoint by its address, its id, its flags and its interface. */
static int tell(struct mptcp_pm *pm, uint8_t command, const struct mptcp_endpoint *endpoint)
{
	struct netlink_request request;
	struct nlmsghdr *message = prepare(&request, pm->family, command, MPTCP_PM_VER);
	struct nlattr *nest = netlink_begin_nest(message, MPTCP_PM_ATTR_ADDR);
	bool is_ipv6 = endpoint->address.family == AF_INET6;

	netlink_put_u16(message, MPTCP_PM_ADDR_ATTR_FAMILY, endpoint->address.family);
	if (endpoint->id)
		netlink_put_u8(message, MPTCP_PM_ADDR_ATTR_ID, endpoint->id);
	netlink_put_address(message, is_ipv6 ? MPTCP_PM_ADDR_ATTR_ADDR6 : MPTCP_PM_ADDR_ATTR_ADDR4,
			    &endpoint->address);
	if (endpoint->address.port)
		netlink_put_u16(message, MPTCP_PM_ADDR_ATTR_PORT, endpoint->address.port);
	if (endpoint->flags)
		netlink_put_u32(message, MPTCP_PM_ADDR_ATTR_FLAGS, endpoint->flags);
	if (endpoint->ifindex)
		netlink_put_u32(message, MPTCP_PM_ADDR_ATTR_IF_IDX, endpoint->ifindex);
	netlink_end_nest(message, nest);
	return netlink_ask(&pm->netlink, message, NULL, NULL);
}

int mptcp_pm_add(struct mptcp_pm *pm, const struct mptcp_endpoint *endpoint)
{
	return tell(pm, MPTCP_PM_CMD_ADD_ADDR, endpoint);
}

int mptcp_pm_delete(struct mptcp_pm *pm, const struct mptcp_endpoint *endpoint)
{
	return tell(pm, MPTCP_PM_CMD_DEL_ADDR, endpoint);
}

int mptcp_pm_set_backup(struct mptcp_pm *pm, const struct mptcp_endpoint *endpoint)
{
	struct mptcp_endpoint change = *endpoint;

	change.flags &= MPTCP_PM_BACKUP;
	change.ifindex = 0;
	return tell(pm, MPTCP_PM_CMD_SET_FLAGS, &change);
}

int mptcp_pm_on_limits(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *table[MPTCP_PM_ATTR_SUBFLOWS + 1];
	struct mptcp_limits *limits = context;

	netlink_attributes(message, sizeof(struct genlmsghdr), table, MPTCP_PM_ATTR_SUBFLOWS);
	limits->add_addr_accepted = netlink_u32(table[MPTCP_PM_ATTR_RCV_ADD_ADDRS], 0);
	limits->subflows = netlink_u32(table[MPTCP_PM_ATTR_SUBFLOWS], 0);
	return 0;
}

int mptcp_pm_get_limits(struct mptcp_pm *pm, struct mptcp_limits *limits)
{
	struct netlink_request request;
	struct nlmsghdr *message =
		prepare(&request, pm->family, MPTCP_PM_CMD_GET_LIMITS, MPTCP_PM_VER);

	return netlink_ask(&pm->netlink, message, mptcp_pm_on_limits, limits);
}

int mptcp_pm_set_limits(struct mptcp_pm *pm, const struct mptcp_limits *limits)
{
	struct netlink_request request;
	struct nlmsghdr *message =
		prepare(&request, pm->family, MPTCP_PM_CMD_SET_LIMITS, MPTCP_PM_VER);

	netlink_put_u32(message, MPTCP_PM_ATTR_RCV_ADD_ADDRS, limits->add_addr_accepted);
	netlink_put_u32(message, MPTCP_PM_ATTR_SUBFLOWS, limits->subflows);
	return netlink_ask(&pm->netlink, message, NULL, NULL);
}
