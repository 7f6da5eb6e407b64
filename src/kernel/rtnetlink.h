/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links, addresses, routes and rules: read them all, add or delete one, hear of changes. */
#ifndef MPBRIDGE_RTNETLINK_H
#define MPBRIDGE_RTNETLINK_H

#include "kernel/array.h"
#include "kernel/netlink.h"

#include <net/if.h>
#include <stdbool.h>

#define RT_METRICS_BYTES 92 /* eight, and a congestion control (20) with its lock (8) */

struct rt_link {
	uint32_t ifindex;
	char name[IF_NAMESIZE];
	bool is_loopback;
	bool is_up; /* switched on, and with a carrier */
};

struct rt_address {
	uint32_t ifindex;
	struct address local;
	struct network subnet; /* on a point-to-point link its base is the other end */
	uint8_t scope;	       /* RT_SCOPE_ */
	uint32_t flags;	       /* IFA_F_ */
};

/* What becomes of a packet by a route. All but the first have no gateway, and make none. */
enum rt_route_type {
	RT_UNICAST,   /* it leaves by the interface */
	RT_THROW,     /* the table has nothing to say of it: the next rule is asked */
	RT_BLACKHOLE, /* it is dropped without a word */
	RT_LOCAL,     /* it is for this router, whatever its address */
};

/* One way to somewhere. A route with several next hops becomes several of these. */
struct rt_route {
	uint32_t table;
	struct network to; /* a default route has prefix_len 0, and the family all the same */
	uint32_t metric;
	uint32_t ifindex;
	struct address gateway; /* family 0: none; IPv4 by an IPv6 gateway is possible */
	struct address source;	/* the preferred one; family 0: none */
	uint8_t protocol;	/* RTPROT_, or RT_PROTOCOL_OURS */
	uint8_t scope;		/* RT_SCOPE_ */
	bool is_onlink;		/* the gateway need not be in a connected subnet */
	bool is_dead;		/* its link is down or has no carrier */
	enum rt_route_type type;
	uint8_t metrics_bytes;
	uint8_t metrics[RT_METRICS_BYTES]; /* RTA_METRICS, as the kernel gave it */
};

/* A rule of the shape that we make: to a table, by addresses, ports, interface and mark. */
struct rt_rule {
	uint32_t table;
	uint32_t priority;
	struct network from, to;  /* of the rule's family; prefix_len 0: any */
	uint8_t protocol;	  /* RTPROT_, or RT_PROTOCOL_OURS */
	uint8_t ip_protocol;	  /* IPPROTO_; 0: any */
	uint16_t source_port;	  /* 0: any */
	uint16_t dest_port;	  /* 0: any */
	uint16_t dest_port_last;  /* of a range; 0: dest_port alone */
	char input[IF_NAMESIZE];  /* where it came in; "lo": this router sends it; "": anywhere */
	uint32_t mark, mark_mask; /* these bits are as in `mark`; mask 0: any */
};

/* The mark of this program's rules and routes: FRA_PROTOCOL and RTA_PROTOCOL. */
#define RT_PROTOCOL_OURS 109

struct rt_links ARRAY_OF(struct rt_link);
struct rt_addresses ARRAY_OF(struct rt_address);
struct rt_routes ARRAY_OF(struct rt_route);
struct rt_rules ARRAY_OF(struct rt_rule);

/*
 * The dumps add to what the array holds, for both families. 0 or -errno; -EAGAIN: the kernel's list
 * changed meanwhile, and what the array holds is to be thrown away.
 */
int rtnetlink_dump_links(struct netlink *netlink, struct rt_links *links);
int rtnetlink_dump_addresses(struct netlink *netlink, struct rt_addresses *addresses);

/*
 * Unicast routes, and with our mark those of the other types, of the tables for which `wants_table`
 * is true. Those with a tunnel header or a TOS are left out.
 */
int rtnetlink_dump_routes(struct netlink *netlink, bool (*wants_table)(uint32_t table),
			  struct rt_routes *routes);

/* The rules with our mark, and no others. */
int rtnetlink_dump_rules(struct netlink *netlink, struct rt_rules *rules);

/*
 * One message of each of these dumps, added to the array that `context` is. Pure: whatever the
 * message holds, they read nothing outside it. 0, -ENOMEM or -EBADMSG.
 */
int rtnetlink_on_link(const struct nlmsghdr *message, void *context);
int rtnetlink_on_address(const struct nlmsghdr *message, void *context);
int rtnetlink_on_rule(const struct nlmsghdr *message, void *context);

/* The same; the context is of this struct. */
struct rt_route_dump {
	struct rt_routes *routes;
	bool (*wants_table)(uint32_t table);
};
int rtnetlink_on_route(const struct nlmsghdr *message, void *context);

/* 0 or -errno: -EEXIST, -ESRCH (nothing to delete), -EPERM, -ENETUNREACH (gateway), ... */
int rtnetlink_add_route(struct netlink *netlink, const struct rt_route *route);
int rtnetlink_delete_route(struct netlink *netlink, const struct rt_route *route);
int rtnetlink_add_rule(struct netlink *netlink, const struct rt_rule *rule);
int rtnetlink_delete_rule(struct netlink *netlink, const struct rt_rule *rule);

/* All fields, but for is_dead, which comes and goes with the carrier. */
bool rt_route_equal(const struct rt_route *a, const struct rt_route *b);
bool rt_rule_equal(const struct rt_rule *a, const struct rt_rule *b);

/* Whether the list has an equal one. */
bool rt_routes_have(const struct rt_routes *routes, const struct rt_route *route);
bool rt_rules_have(const struct rt_rules *rules, const struct rt_rule *rule);

/* A non-blocking socket on which changes of links, addresses, routes and rules arrive. An fd or
 * -errno. */
int rtnetlink_open_events(void);

/*
 * Reads all that waits on it. 1: something changed that matters for the tables of `wants_table`; 0:
 * nothing did; -ENOBUFS: events were lost; or another -errno.
 */
int rtnetlink_read_events(int fd, bool (*wants_table)(uint32_t table));

#endif
