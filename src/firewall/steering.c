/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steering: the routing rules and routes beside the firewall's table. */
#include "firewall/steering.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/*
 * Theory of operation. A client has two tables, which the rules of the paths have nothing to do
 * with:
 *
 * DELIVER has one route in each family: everything is for this router. The rules that lead there
 * ask for the mark and for the interface. A mark alone would not do: with net.ipv4.
 * tcp_fwmark_accept our answers have it, too, and have to leave.
 *
 * GUARD drops what came in by an intercepted interface, is to be taken, and has not been: because
 * somebody has just flushed the firewall, because our process has been killed, or because it was
 * sent before. So nothing goes around the bridge, also when nobody is there to see to it. What
 * answers a connection that was made to a host there has the pass mark, and is not asked. The
 * router's own connections have no such guard: they are routed before the firewall sees them.
 *
 * A server has one, ANSWER, like DELIVER. What carries its mark may have come in anywhere, so the
 * rule asks for the mark alone. Before it stands one that leads marked packets of this router's own
 * (RST, with net.ipv4.fwmark_reflect) out by the main table. The kernel also asks by it where a
 * packet should have come from (rp_filter, with src_valid_mark, which wg-quick sets), as if it were
 * one of this router's: by ANSWER nothing could have come.
 */

#define DELIVER_TABLE	 52256u /* behind those of the last slot, see slot.h */
#define GUARD_TABLE	 52257u
#define ANSWER_TABLE	 52258u
#define OWN_PRIORITY	 508u
#define ANSWER_PRIORITY	 509u
#define DELIVER_PRIORITY 510u
#define GUARD_PRIORITY	 511u
#define METRIC		 1024u /* IPv6 has no other one for 0 */
#define LOOPBACK	 1u
#define LOOK_ATTEMPTS	 8

static const sa_family_t families[] = {AF_INET, AF_INET6};

static struct network everything(sa_family_t family)
{
	return (struct network){.base.family = family};
}

static int add_rule(struct steering *out, const struct rt_rule *rule)
{
	struct rt_rule *item = array_append(&out->rules);

	if (!item)
		return -ENOMEM;
	*item = *rule;
	item->protocol = RT_PROTOCOL_OURS;
	return 0;
}

static int add_route(struct steering *out, uint32_t table, enum rt_route_type type,
		     const struct network *to)
{
	struct rt_route *item = array_append(&out->routes);

	if (!item)
		return -ENOMEM;
	item->table = table;
	item->type = type;
	item->to = *to;
	item->metric = METRIC;
	item->protocol = RT_PROTOCOL_OURS;
	if (type == RT_LOCAL) {
		item->ifindex = LOOPBACK;
		/* routes of IPv6 have no scope */
		item->scope = to->base.family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE;
	}
	return 0;
}

static int add_delivery_rule(struct steering *out, sa_family_t family, const char *input,
			     uint32_t mark)
{
	struct rt_rule rule = {.table = DELIVER_TABLE,
			       .priority = DELIVER_PRIORITY,
			       .ip_protocol = IPPROTO_TCP,
			       .mark = mark,
			       .mark_mask = mark};

	rule.from = rule.to = everything(family);
	snprintf(rule.input, sizeof(rule.input), "%s", input);
	return add_rule(out, &rule);
}

static int add_delivery_rules(struct steering *out, const struct conf_intercept *intercept,
			      sa_family_t family, uint32_t mark)
{
	int error = 0;

	for (unsigned i = 0; i < intercept->n_interfaces && !error; i++)
		error = add_delivery_rule(out, family, intercept->interface[i].name, mark);
	if (intercept->local_output && !error)
		error = add_delivery_rule(out, family, "lo", mark);
	return error;
}

/* What is kept is nothing that the configuration has. */
static int add_delivery(struct steering *out, const struct conf_intercept *intercept,
			const struct conf_intercept *kept, sa_family_t family)
{
	const struct network all = everything(family);
	int error = add_route(out, DELIVER_TABLE, RT_LOCAL, &all);

	if (!error)
		error = add_delivery_rules(out, intercept, family, intercept->mark);
	if (!error)
		error = add_delivery_rules(out, kept, family, intercept->mark);
	return error;
}

static int add_guard_rules(struct steering *out, const struct conf *conf, sa_family_t family,
			   const char *input)
{
	const struct conf_intercept *intercept = &conf->intercept;
	struct rt_rule rule = {.table = GUARD_TABLE,
			       .priority = GUARD_PRIORITY,
			       .ip_protocol = IPPROTO_TCP,
			       .mark_mask = conf_pass_mark(conf)};
	int error = 0;

	rule.from = rule.to = everything(family);
	snprintf(rule.input, sizeof(rule.input), "%s", input);
	if (intercept->n_ports == 0)
		return add_rule(out, &rule);
	for (unsigned i = 0; i < intercept->n_ports && !error; i++) {
		const struct conf_ports *ports = &intercept->port[i];

		rule.dest_port = ports->first;
		rule.dest_port_last = ports->last == ports->first ? 0 : ports->last;
		error = add_rule(out, &rule);
	}
	return error;
}

/* What is exempt is left to the next rule, whatever is included beside it. */
static int add_guard_routes(struct steering *out, const struct conf_intercept *intercept,
			    sa_family_t family, const struct networks *always)
{
	const struct network all = everything(family);
	int error = intercept->n_include ? 0 : add_route(out, GUARD_TABLE, RT_BLACKHOLE, &all);

	for (size_t i = 0; i < always->n && !error; i++)
		if (always->item[i].base.family == family)
			error = add_route(out, GUARD_TABLE, RT_THROW, &always->item[i]);
	for (unsigned i = 0; i < intercept->n_include && !error; i++)
		if (intercept->include[i].base.family == family &&
		    !exempt_covers(always, &intercept->include[i]))
			error = add_route(out, GUARD_TABLE, RT_BLACKHOLE, &intercept->include[i]);
	return error;
}

static int add_guard(struct steering *out, const struct conf *conf, sa_family_t family,
		     const struct networks *always)
{
	const struct conf_intercept *intercept = &conf->intercept;
	int error = add_guard_routes(out, intercept, family, always);

	for (unsigned i = 0; i < intercept->n_interfaces && !error; i++)
		error = add_guard_rules(out, conf, family, intercept->interface[i].name);
	return error;
}

static int add_answers(struct steering *out, const struct intent *intent, sa_family_t family)
{
	uint32_t mark = intent->conf->transparent_mark;
	const struct network all = everything(family);
	const struct rt_rule own = {.table = RT_TABLE_MAIN,
				    .priority = OWN_PRIORITY,
				    .input = "lo",
				    .from = all,
				    .to = all,
				    .mark = mark,
				    .mark_mask = mark};
	const struct rt_rule answer = {.table = ANSWER_TABLE,
				       .priority = ANSWER_PRIORITY,
				       .from = all,
				       .to = all,
				       .mark = mark,
				       .mark_mask = mark};
	int error = add_route(out, ANSWER_TABLE, RT_LOCAL, &all);

	if (!error)
		error = add_rule(out, &own);
	return error ? error : add_rule(out, &answer);
}

static int add_interception(struct steering *out, const struct intent *intent, sa_family_t family)
{
	const struct conf *conf = intent->conf;
	int error = 0;

	if (intent->mode == CONF_INTERCEPT_TPROXY)
		error = add_delivery(out, &conf->intercept, intent->kept, family);
	if (!error && !intent->is_leaving &&
	    conf_peer_down_of(conf, family) == CONF_PEER_DOWN_REFUSE)
		error = add_guard(out, conf, family, intent->always);
	return error;
}

int steering_build(const struct intent *intent, struct steering *out)
{
	int error = 0;

	out->role = intent->conf->role;
	for (int f = 0; f < (intent->has_ipv6 ? 2 : 1) && !error; f++)
		error = out->role == CONF_SERVER ? add_answers(out, intent, families[f])
						 : add_interception(out, intent, families[f]);
	return error;
}

void steering_exit(struct steering *steering)
{
	array_free(&steering->rules);
	array_free(&steering->routes);
}

/* ---- what the kernel holds ---- */

bool steering_has_table(uint32_t table)
{
	return table == DELIVER_TABLE || table == GUARD_TABLE || table == ANSWER_TABLE;
}

static bool is_table_of(enum conf_role role, uint32_t table)
{
	return steering_has_table(table) && (table == ANSWER_TABLE) == (role == CONF_SERVER);
}

/* Of a rule with our mark. */
static bool is_rule_of(enum conf_role role, const struct rt_rule *rule)
{
	return is_table_of(role, rule->table) ||
	       (role == CONF_SERVER && rule->priority == OWN_PRIORITY);
}

/* What is there already, or gone already, is as it should be. */
static void note(int *error, int result)
{
	if (result < 0 && result != -EEXIST && result != -ESRCH && result != -ENOENT && !*error)
		*error = result;
}

static void change_routes(struct netlink *netlink, enum conf_role role,
			  const struct rt_routes *from, const struct rt_routes *other,
			  int (*change)(struct netlink *netlink, const struct rt_route *route),
			  int *error)
{
	for (size_t i = 0; i < from->n; i++)
		if (is_table_of(role, from->item[i].table) &&
		    !rt_routes_have(other, &from->item[i]))
			note(error, change(netlink, &from->item[i]));
}

static void change_rules(struct netlink *netlink, enum conf_role role, const struct rt_rules *from,
			 const struct rt_rules *other,
			 int (*change)(struct netlink *netlink, const struct rt_rule *rule),
			 int *error)
{
	for (size_t i = 0; i < from->n; i++)
		if (is_rule_of(role, &from->item[i]) && !rt_rules_have(other, &from->item[i]))
			note(error, change(netlink, &from->item[i]));
}

static int look(struct netlink *netlink, struct steering *actual)
{
	int error = -EAGAIN;

	for (int i = 0; i < LOOK_ATTEMPTS && error == -EAGAIN; i++) {
		steering_exit(actual);
		error = rtnetlink_dump_rules(netlink, &actual->rules);
		if (!error)
			error = rtnetlink_dump_routes(netlink, steering_has_table, &actual->routes);
	}
	return error;
}

/* What of a route is the same where it may be of another type: there is room for one of them. */
static bool has_rival(const struct rt_routes *routes, const struct rt_route *route)
{
	for (size_t i = 0; i < routes->n; i++)
		if (routes->item[i].table == route->table && routes->item[i].type != route->type &&
		    network_equal(&routes->item[i].to, &route->to))
			return true;
	return false;
}

static void delete_rivals(struct netlink *netlink, const struct steering *wanted,
			  const struct rt_routes *actual, int *error)
{
	for (size_t i = 0; i < actual->n; i++)
		if (has_rival(&wanted->routes, &actual->item[i]))
			note(error, rtnetlink_delete_route(netlink, &actual->item[i]));
}

/* Routes before the rules that lead to them, and after them when they go. */
int steering_apply(struct netlink *netlink, const struct steering *wanted)
{
	enum conf_role role = wanted->role;
	struct steering actual = {0};
	int error = look(netlink, &actual);

	if (error == 0) {
		delete_rivals(netlink, wanted, &actual.routes, &error);
		change_routes(netlink, role, &wanted->routes, &actual.routes, rtnetlink_add_route,
			      &error);
		change_rules(netlink, role, &wanted->rules, &actual.rules, rtnetlink_add_rule,
			     &error);
		change_rules(netlink, role, &actual.rules, &wanted->rules, rtnetlink_delete_rule,
			     &error);
		change_routes(netlink, role, &actual.routes, &wanted->routes,
			      rtnetlink_delete_route, &error);
	}
	steering_exit(&actual);
	return error;
}
