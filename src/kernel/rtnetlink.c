/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links, addresses, routes and rules over rtnetlink. */
#include "kernel/rtnetlink.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <unistd.h>

/* ---- links and addresses ---- */

/* linux/if.h, which has IFF_LOWER_UP, cannot be included beside net/if.h */
#define LOWER_UP (1u << 16)
#define CARRIES	 (IFF_UP | IFF_RUNNING | LOWER_UP)

int rtnetlink_on_link(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *header = netlink_header(message, sizeof(*header));
	const struct nlattr *table[IFLA_IFNAME + 1];
	struct rt_link *link;
	const char *name;

	if (message->nlmsg_type != RTM_NEWLINK || !header)
		return 0;
	netlink_attributes(message, sizeof(*header), table, IFLA_IFNAME);
	name = netlink_text(table[IFLA_IFNAME]);
	if (!name)
		return 0;
	link = array_append((struct rt_links *)context);
	if (!link)
		return -ENOMEM;
	link->ifindex = (uint32_t)header->ifi_index;
	strncpy(link->name, name, sizeof(link->name) - 1);
	link->is_loopback = header->ifi_flags & IFF_LOOPBACK;
	/* RUNNING follows the carrier up to a second late, LOWER_UP at once (dev_get_flags()) */
	link->is_up = (header->ifi_flags & CARRIES) == CARRIES;
	return 0;
}

int rtnetlink_dump_links(struct netlink *netlink, struct rt_links *links)
{
	struct netlink_request request;
	struct nlmsghdr *message = netlink_prepare(&request, RTM_GETLINK, 0);

	netlink_extend(message, sizeof(struct ifinfomsg));
	return netlink_dump(netlink, message, rtnetlink_on_link, links);
}

int rtnetlink_on_address(const struct nlmsghdr *message, void *context)
{
	const struct ifaddrmsg *header = netlink_header(message, sizeof(*header));
	const struct nlattr *table[IFA_FLAGS + 1];
	struct rt_address *address;
	struct network subnet;
	struct address local;

	if (message->nlmsg_type != RTM_NEWADDR || !header)
		return 0;
	netlink_attributes(message, sizeof(*header), table, IFA_FLAGS);
	local = netlink_address(table[IFA_LOCAL], header->ifa_family);
	if (netlink_address(table[IFA_ADDRESS], header->ifa_family).family == 0 ||
	    !netlink_network(table[IFA_ADDRESS], header->ifa_family, header->ifa_prefixlen,
			     &subnet))
		return 0;
	address = array_append((struct rt_addresses *)context);
	if (!address)
		return -ENOMEM;
	address->ifindex = header->ifa_index;
	address->local = local.family ? local : subnet.base;
	address->subnet = subnet;
	address->scope = header->ifa_scope;
	address->flags = netlink_u32(table[IFA_FLAGS], header->ifa_flags);
	return 0;
}

int rtnetlink_dump_addresses(struct netlink *netlink, struct rt_addresses *addresses)
{
	struct netlink_request request;
	struct nlmsghdr *message = netlink_prepare(&request, RTM_GETADDR, 0);

	netlink_extend(message, sizeof(struct ifaddrmsg));
	return netlink_dump(netlink, message, rtnetlink_on_address, addresses);
}

/* ---- routes ---- */

/* RTA_VIA: a gateway of another family, as { u16 family; IP } (struct rtvia). */
static struct address gateway_of(const struct nlattr *gateway, const struct nlattr *via,
				 sa_family_t family)
{
	struct address address = netlink_address(gateway, family);
	const uint8_t *bytes;
	sa_family_t via_family;

	if (address.family || !via || netlink_value_bytes(via) < sizeof(via_family))
		return address;
	bytes = netlink_value(via);
	memcpy(&via_family, bytes, sizeof(via_family));
	address.family = via_family == AF_INET || via_family == AF_INET6 ? via_family : 0;
	if (netlink_value_bytes(via) != sizeof(via_family) + address_ip_bytes(&address))
		return (struct address){0};
	memcpy(address.ip, bytes + sizeof(via_family), address_ip_bytes(&address));
	return address;
}

static void set_flags(struct rt_route *route, unsigned flags)
{
	route->is_onlink = flags & RTNH_F_ONLINK;
	route->is_dead = flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN);
}

static void parse_nexthop(const struct rtnexthop *hop, struct rt_route *route)
{
	const struct nlattr *table[RTA_MAX + 1];

	netlink_payload_attributes(hop + 1, hop->rtnh_len - sizeof(*hop), table, RTA_MAX);
	route->ifindex = (uint32_t)hop->rtnh_ifindex;
	route->gateway = gateway_of(table[RTA_GATEWAY], table[RTA_VIA], route->to.base.family);
	set_flags(route, hop->rtnh_flags);
}

static int append_route(struct rt_routes *routes, const struct rt_route *route)
{
	struct rt_route *item = array_append(routes);

	if (!item)
		return -ENOMEM;
	*item = *route;
	return 0;
}

static int append_nexthops(struct rt_routes *routes, struct rt_route *route,
			   const struct nlattr *multipath)
{
	const char *at = netlink_value(multipath);
	size_t left = netlink_value_bytes(multipath);
	int error = 0;

	while (!error && left >= sizeof(struct rtnexthop)) {
		const struct rtnexthop *hop = (const void *)at;
		size_t length = hop->rtnh_len;

		if (length < sizeof(*hop) || length > left)
			return -EBADMSG;
		parse_nexthop(hop, route);
		error = append_route(routes, route);
		length = NLMSG_ALIGN(length);
		at += length;
		left -= length < left ? length : left;
	}
	return error;
}

static void take_metrics(struct rt_route *route, const struct nlattr *metrics)
{
	size_t length = metrics ? netlink_value_bytes(metrics) : 0;

	if (length == 0 || length > sizeof(route->metrics))
		return;
	memcpy(route->metrics, netlink_value(metrics), length);
	route->metrics_bytes = (uint8_t)length;
}

static const uint8_t kernel_types[] = {
	[RT_UNICAST] = RTN_UNICAST,
	[RT_THROW] = RTN_THROW,
	[RT_BLACKHOLE] = RTN_BLACKHOLE,
	[RT_LOCAL] = RTN_LOCAL,
};

/* False: a type that we neither make nor look at. */
static bool type_of(uint8_t kernel_type, enum rt_route_type *type)
{
	for (size_t i = 0; i < sizeof(kernel_types); i++) {
		*type = (enum rt_route_type)i;
		if (kernel_types[i] == kernel_type)
			return true;
	}
	return false;
}

/* The kernel shows routes of IPv6 that throw or drop on the loopback interface. */
static int append_other(struct rt_routes *routes, struct rt_route *route,
			const struct nlattr *interface)
{
	if (route->protocol != RT_PROTOCOL_OURS)
		return 0;
	if (route->type == RT_LOCAL)
		route->ifindex = netlink_u32(interface, 0);
	return append_route(routes, route);
}

/* Whether it is a route that any packet of ours could take. */
static bool is_plain(const struct nlmsghdr *message, const struct rtmsg *header)
{
	return message->nlmsg_type == RTM_NEWROUTE && header && !header->rtm_tos &&
	       !(header->rtm_flags & RTM_F_CLONED);
}

int rtnetlink_on_route(const struct nlmsghdr *message, void *context)
{
	const struct rt_route_dump *dump = context;
	const struct rtmsg *header = netlink_header(message, sizeof(*header));
	const struct nlattr *table[RTA_MAX + 1];
	struct rt_route route = {0};
	sa_family_t family;

	if (!is_plain(message, header) || !type_of(header->rtm_type, &route.type))
		return 0;
	netlink_attributes(message, sizeof(*header), table, RTA_MAX);
	family = header->rtm_family;
	route.protocol = header->rtm_protocol;
	route.scope = header->rtm_scope;
	route.table = netlink_u32(table[RTA_TABLE], header->rtm_table);
	if (!dump->wants_table(route.table) || table[RTA_ENCAP] ||
	    !netlink_network(table[RTA_DST], family, header->rtm_dst_len, &route.to))
		return 0;
	route.metric = netlink_u32(table[RTA_PRIORITY], 0);
	if (route.type != RT_UNICAST)
		return append_other(dump->routes, &route, table[RTA_OIF]);
	route.source = netlink_address(table[RTA_PREFSRC], family);
	take_metrics(&route, table[RTA_METRICS]);
	if (table[RTA_MULTIPATH])
		return append_nexthops(dump->routes, &route, table[RTA_MULTIPATH]);
	route.ifindex = netlink_u32(table[RTA_OIF], 0);
	route.gateway = gateway_of(table[RTA_GATEWAY], table[RTA_VIA], family);
	set_flags(&route, header->rtm_flags);
	return append_route(dump->routes, &route);
}

int rtnetlink_dump_routes(struct netlink *netlink, bool (*wants_table)(uint32_t table),
			  struct rt_routes *routes)
{
	struct rt_route_dump dump = {.routes = routes, .wants_table = wants_table};
	struct netlink_request request;
	struct nlmsghdr *message = netlink_prepare(&request, RTM_GETROUTE, 0);

	netlink_extend(message, sizeof(struct rtmsg));
	return netlink_dump(netlink, message, rtnetlink_on_route, &dump);
}

static void put_gateway(struct nlmsghdr *message, const struct rt_route *route)
{
	size_t length = address_ip_bytes(&route->gateway);
	uint8_t via[sizeof(sa_family_t) + 16];

	if (length == 0)
		return;
	if (route->gateway.family == route->to.base.family) {
		netlink_put_address(message, RTA_GATEWAY, &route->gateway);
		return;
	}
	memcpy(via, &route->gateway.family, sizeof(sa_family_t));
	memcpy(via + sizeof(sa_family_t), route->gateway.ip, length);
	netlink_put(message, RTA_VIA, sizeof(sa_family_t) + length, via);
}

static void put_route(struct nlmsghdr *message, const struct rt_route *route)
{
	struct rtmsg *header = netlink_extend(message, sizeof(*header));

	header->rtm_family = (uint8_t)route->to.base.family;
	header->rtm_dst_len = route->to.prefix_len;
	header->rtm_protocol = route->protocol;
	header->rtm_scope = route->scope;
	header->rtm_type = kernel_types[route->type];
	header->rtm_table = RT_TABLE_UNSPEC;
	header->rtm_flags = route->is_onlink ? RTNH_F_ONLINK : 0;
	netlink_put_u32(message, RTA_TABLE, route->table);
	if (route->to.prefix_len)
		netlink_put_address(message, RTA_DST, &route->to.base);
	netlink_put_u32(message, RTA_PRIORITY, route->metric);
	if (route->ifindex)
		netlink_put_u32(message, RTA_OIF, route->ifindex);
	put_gateway(message, route);
	if (route->source.family)
		netlink_put_address(message, RTA_PREFSRC, &route->source);
	if (route->metrics_bytes)
		netlink_put(message, RTA_METRICS, route->metrics_bytes, route->metrics);
}

static int change_route(struct netlink *netlink, const struct rt_route *route, uint16_t type,
			uint16_t flags)
{
	struct netlink_request request;
	struct nlmsghdr *message = netlink_prepare(&request, type, flags);

	put_route(message, route);
	return netlink_ask(netlink, message, NULL, NULL);
}

int rtnetlink_add_route(struct netlink *netlink, const struct rt_route *route)
{
	return change_route(netlink, route, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
}

int rtnetlink_delete_route(struct netlink *netlink, const struct rt_route *route)
{
	return change_route(netlink, route, RTM_DELROUTE, 0);
}

bool rt_route_equal(const struct rt_route *a, const struct rt_route *b)
{
	return a->table == b->table && network_equal(&a->to, &b->to) && a->metric == b->metric &&
	       a->ifindex == b->ifindex && address_ip_equal(&a->gateway, &b->gateway) &&
	       address_ip_equal(&a->source, &b->source) && a->protocol == b->protocol &&
	       a->scope == b->scope && a->is_onlink == b->is_onlink && a->type == b->type &&
	       a->metrics_bytes == b->metrics_bytes &&
	       memcmp(a->metrics, b->metrics, a->metrics_bytes) == 0;
}

bool rt_routes_have(const struct rt_routes *routes, const struct rt_route *route)
{
	for (size_t i = 0; i < routes->n; i++)
		if (rt_route_equal(&routes->item[i], route))
			return true;
	return false;
}

/* ---- rules ---- */

static struct fib_rule_port_range ports_of(const struct nlattr *range)
{
	struct fib_rule_port_range ports = {0};

	if (range && netlink_value_bytes(range) == sizeof(ports))
		memcpy(&ports, netlink_value(range), sizeof(ports));
	return ports;
}

int rtnetlink_on_rule(const struct nlmsghdr *message, void *context)
{
	const struct fib_rule_hdr *header = netlink_header(message, sizeof(*header));
	const struct nlattr *table[FRA_MAX + 1];
	struct network from, to;
	struct fib_rule_port_range dest;
	struct rt_rule *rule;
	const char *input;

	if (message->nlmsg_type != RTM_NEWRULE || !header)
		return 0;
	netlink_attributes(message, sizeof(*header), table, FRA_MAX);
	if (netlink_u8(table[FRA_PROTOCOL], 0) != RT_PROTOCOL_OURS ||
	    !netlink_network(table[FRA_SRC], header->family, header->src_len, &from) ||
	    !netlink_network(table[FRA_DST], header->family, header->dst_len, &to))
		return 0;
	rule = array_append((struct rt_rules *)context);
	if (!rule)
		return -ENOMEM;
	rule->protocol = RT_PROTOCOL_OURS;
	rule->table = netlink_u32(table[FRA_TABLE], header->table);
	rule->priority = netlink_u32(table[FRA_PRIORITY], 0);
	rule->from = from;
	rule->to = to;
	rule->ip_protocol = netlink_u8(table[FRA_IP_PROTO], 0);
	rule->source_port = ports_of(table[FRA_SPORT_RANGE]).start;
	dest = ports_of(table[FRA_DPORT_RANGE]);
	rule->dest_port = dest.start;
	rule->dest_port_last = dest.end == dest.start ? 0 : dest.end;
	rule->mark = netlink_u32(table[FRA_FWMARK], 0);
	rule->mark_mask = netlink_u32(table[FRA_FWMASK], 0);
	input = netlink_text(table[FRA_IIFNAME]);
	if (input)
		strncpy(rule->input, input, sizeof(rule->input) - 1);
	return 0;
}

int rtnetlink_dump_rules(struct netlink *netlink, struct rt_rules *rules)
{
	struct netlink_request request;
	struct nlmsghdr *message = netlink_prepare(&request, RTM_GETRULE, 0);

	netlink_extend(message, sizeof(struct fib_rule_hdr));
	return netlink_dump(netlink, message, rtnetlink_on_rule, rules);
}

static void put_ports(struct nlmsghdr *message, uint16_t type, uint16_t first, uint16_t last)
{
	struct fib_rule_port_range range = {.start = first, .end = last ? last : first};

	if (first)
		netlink_put(message, type, sizeof(range), &range);
}

static int change_rule(struct netlink *netlink, const struct rt_rule *rule, uint16_t type,
		       uint16_t flags)
{
	struct netlink_request request;
	struct nlmsghdr *message = netlink_prepare(&request, type, flags);
	struct fib_rule_hdr *header = netlink_extend(message, sizeof(*header));

	header->family = (uint8_t)rule->to.base.family;
	header->src_len = rule->from.prefix_len;
	header->dst_len = rule->to.prefix_len;
	header->action = FR_ACT_TO_TBL;
	header->table = RT_TABLE_UNSPEC;
	if (rule->from.prefix_len)
		netlink_put_address(message, FRA_SRC, &rule->from.base);
	if (rule->to.prefix_len)
		netlink_put_address(message, FRA_DST, &rule->to.base);
	netlink_put_u32(message, FRA_TABLE, rule->table);
	netlink_put_u32(message, FRA_PRIORITY, rule->priority);
	netlink_put_u8(message, FRA_PROTOCOL, rule->protocol);
	if (rule->ip_protocol)
		netlink_put_u8(message, FRA_IP_PROTO, rule->ip_protocol);
	if (rule->input[0])
		netlink_put_text(message, FRA_IIFNAME, rule->input);
	if (rule->mark_mask) {
		netlink_put_u32(message, FRA_FWMARK, rule->mark);
		netlink_put_u32(message, FRA_FWMASK, rule->mark_mask);
	}
	put_ports(message, FRA_SPORT_RANGE, rule->source_port, 0);
	put_ports(message, FRA_DPORT_RANGE, rule->dest_port, rule->dest_port_last);
	return netlink_ask(netlink, message, NULL, NULL);
}

int rtnetlink_add_rule(struct netlink *netlink, const struct rt_rule *rule)
{
	return change_rule(netlink, rule, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
}

int rtnetlink_delete_rule(struct netlink *netlink, const struct rt_rule *rule)
{
	return change_rule(netlink, rule, RTM_DELRULE, 0);
}

bool rt_rule_equal(const struct rt_rule *a, const struct rt_rule *b)
{
	return a->table == b->table && a->priority == b->priority &&
	       network_equal(&a->from, &b->from) && network_equal(&a->to, &b->to) &&
	       a->protocol == b->protocol && a->ip_protocol == b->ip_protocol &&
	       a->source_port == b->source_port && a->dest_port == b->dest_port &&
	       a->dest_port_last == b->dest_port_last && a->mark == b->mark &&
	       a->mark_mask == b->mark_mask && strcmp(a->input, b->input) == 0;
}

bool rt_rules_have(const struct rt_rules *rules, const struct rt_rule *rule)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rt_rule_equal(&rules->item[i], rule))
			return true;
	return false;
}

/* ---- events ---- */

int rtnetlink_open_events(void)
{
	static const int groups[] = {RTNLGRP_LINK,	 RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
				     RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_IPV4_RULE,
				     RTNLGRP_IPV6_RULE};
	struct sockaddr_nl name = {.nl_family = AF_NETLINK};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		name.nl_groups |= 1u << (groups[i] - 1);
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

static bool is_relevant(const struct nlmsghdr *message, bool (*wants_table)(uint32_t table))
{
	const struct rtmsg *header = netlink_header(message, sizeof(*header));
	const struct nlattr *table[RTA_TABLE + 1];

	if ((message->nlmsg_type != RTM_NEWROUTE && message->nlmsg_type != RTM_DELROUTE) || !header)
		return true;
	if ((header->rtm_type != RTN_UNICAST && header->rtm_protocol != RT_PROTOCOL_OURS) ||
	    (header->rtm_flags & RTM_F_CLONED))
		return false;
	netlink_attributes(message, sizeof(*header), table, RTA_TABLE);
	return wants_table(netlink_u32(table[RTA_TABLE], header->rtm_table));
}

int rtnetlink_read_events(int fd, bool (*wants_table)(uint32_t table))
{
	_Alignas(NLMSG_ALIGNTO) char buffer[16384];
	int result = 0;

	for (;;) {
		const struct nlmsghdr *message = (const void *)buffer;
		ssize_t received = recv(fd, buffer, sizeof(buffer), 0);
		int left = (int)received;

		if (received < 0)
			return errno == EAGAIN ? result : -errno;
		for (; netlink_has_message(message, left); message = netlink_next(message, &left))
			result |= is_relevant(message, wants_table);
	}
}
