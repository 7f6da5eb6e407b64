/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks of the configuration as a whole. */
#include "conf/check.h"

#include "conf/credential.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

/* Which addresses may stand in a place; those that are no unicast address may stand nowhere. */
struct address_rule {
	bool unspecified, loopback, link_local;
	const char *allowed;
};

static const struct address_rule far_rule = {
	.loopback = true, /* has its own check */
	.allowed = "addresses of the far router",
};
static const struct address_rule listen_rule = {
	.unspecified = true,
	.loopback = true,
	.allowed = "addresses of this router, 0.0.0.0 and ::",
};
static const struct address_rule source_rule = {
	.unspecified = true, /* these two are dropped */
	.loopback = true,
	.allowed = "an address of this router",
};
static const struct address_rule own_rule = {
	.allowed = "an address of this router on one of its links",
};
static const struct address_rule nameserver_rule = {
	.loopback = true,
	.allowed = "the address of a name server",
};
static const struct address_rule gateway_rule = {
	.link_local = true,
	.allowed = "an address of the next router on the link",
};

static const struct conf_option *option_of(const struct draft *draft, const char *key)
{
	return options_find_key(option_table, draft->conf.role, key);
}

static bool is_given(const struct draft *draft, const char *key)
{
	return draft_source_of(draft, option_of(draft, key)) != DRAFT_NOBODY;
}

/* How messages name an address in a list of lists. */
static const char *place_in_router(const struct draft *draft, const struct conf_option *option,
				   unsigned index, char buf[static DRAFT_WHERE_BYTES])
{
	const struct conf_host *server = draft->conf.server;
	unsigned first = index;
	size_t length;

	while (first > 0 && server[first - 1].router == server[index].router)
		first--;
	length = strlen(draft_where(draft, option, server[index].router, buf));
	snprintf(buf + length, DRAFT_WHERE_BYTES - length, "[%u]", index - first);
	return buf;
}

/* How messages name an element of a list; of one alone, which may have no brackets, the list. */
static const char *place_of(const struct draft *draft, const char *key, unsigned index,
			    unsigned count, char buf[static DRAFT_WHERE_BYTES])
{
	const struct conf_option *option = option_of(draft, key);

	if (option->type == OPTION_HOSTS && draft->has_routers &&
	    draft_source_of(draft, option) == DRAFT_FILE)
		return place_in_router(draft, option, index, buf);
	return draft_where(draft, option, count > 1 ? (int)index : -1, buf);
}

/* Of a file that could not be read nobody knows what it lacks. */
static void check_required(struct draft *draft)
{
	char allowed[160], where[DRAFT_WHERE_BYTES];

	if (draft->is_unread)
		return;
	for (const struct conf_option *option = option_table; option->about; option++)
		if (option->is_required && option_has_role(option, draft->conf.role) &&
		    draft_source_of(draft, option) == DRAFT_NOBODY)
			messages_add(draft->errors, "%s: missing; allowed: %s",
				     draft_where(draft, option, -1, where),
				     option_allowed(option, false, allowed));
}

/* What is wrong with the address under the rule, or NULL. No address at all is none to judge. */
static const char *find_fault(const struct address *a, const struct address_rule *rule)
{
	if (address_is_multicast(a))
		return "a multicast address";
	if (address_is_broadcast(a))
		return "the broadcast address";
	if (address_is_unspecified(a) && !rule->unspecified)
		return "an unspecified address";
	if (address_is_loopback(a) && !rule->loopback)
		return "a loopback address";
	if (address_is_link_local(a) && !rule->link_local)
		return "a link-local address, which means nothing without its link";
	return NULL;
}

static void check_address(struct draft *draft, const struct address *a,
			  const struct address_rule *rule, const char *where)
{
	const char *fault = find_fault(a, rule);
	char ip[ADDRESS_TEXT_BYTES];

	if (fault)
		messages_add(draft->errors, "%s: found %s, %s; allowed: %s", where,
			     address_format_ip(a, ip), fault, rule->allowed);
}

static bool is_same_host(const struct conf_host *a, const struct conf_host *b)
{
	if (a->address.family != 0 || b->address.family != 0)
		return address_ip_equal(&a->address, &b->address);
	return a->name[0] && strcasecmp(a->name, b->name) == 0;
}

/* Each host by itself, and against those before it. */
static void check_hosts(struct draft *draft, const char *key, const struct conf_host *host,
			unsigned count, const struct address_rule *rule)
{
	char where[DRAFT_WHERE_BYTES];

	for (unsigned i = 0; i < count; i++) {
		place_of(draft, key, i, count, where);
		check_address(draft, &host[i].address, rule, where);
		for (unsigned j = 0; j < i; j++)
			if (is_same_host(&host[i], &host[j])) {
				messages_add(draft->errors, "%s: %s is %s", where, host[i].name,
					     host[i].router == host[j].router
						     ? "in the list twice"
						     : "an address of another router, too");
				break;
			}
	}
}

/*
 * A loopback address never leads to another router. All of them may be one: then both ends run on
 * one machine, which is a test.
 */
static void check_far_loopback(struct draft *draft)
{
	const struct conf *conf = &draft->conf;
	char where[DRAFT_WHERE_BYTES];
	unsigned loopbacks = 0;

	for (unsigned i = 0; i < conf->n_servers; i++)
		loopbacks += address_is_loopback(&conf->server[i].address);
	for (unsigned i = 0; i < conf->n_servers && loopbacks < conf->n_servers; i++)
		if (address_is_loopback(&conf->server[i].address))
			messages_add(draft->errors,
				     "%s: found %s, a loopback address among others; allowed: %s",
				     place_of(draft, "server", i, conf->n_servers, where),
				     conf->server[i].name, far_rule.allowed);
}

static void listen_everywhere(struct conf_host *host, unsigned *count)
{
	static const char *const any[] = {"0.0.0.0", "::"};

	for (*count = 0; *count < 2; ++*count) {
		snprintf(host[*count].name, sizeof(host[*count].name), "%s", any[*count]);
		address_parse(any[*count], &host[*count].address);
	}
}

static void check_client(struct draft *draft)
{
	struct conf *conf = &draft->conf;

	check_hosts(draft, "server", conf->server, conf->n_servers, &far_rule);
	check_far_loopback(draft);
	if (conf->n_servers > 0)
		conf->n_routers = conf->server[conf->n_servers - 1].router + 1u;
	if (!is_given(draft, "local_address"))
		listen_everywhere(conf->local, &conf->n_locals);
	check_hosts(draft, "local_address", conf->local, conf->n_locals, &listen_rule);
}

/* As a source these mean nothing. Files written for a client and a server alike have them. */
static void drop_empty_sources(struct draft *draft)
{
	struct conf *conf = &draft->conf;
	char where[DRAFT_WHERE_BYTES];
	unsigned kept = 0;

	for (unsigned i = 0; i < conf->n_locals; i++) {
		const struct address *a = &conf->local[i].address;

		if (address_is_loopback(a) || address_is_unspecified(a))
			messages_add(draft->notes,
				     "%s: ignored: %s cannot be the source of outgoing connections",
				     place_of(draft, "local_address", i, conf->n_locals, where),
				     conf->local[i].name);
		else
			conf->local[kept++] = conf->local[i];
	}
	conf->n_locals = kept;
}

static void check_nameservers(struct draft *draft)
{
	const struct conf *conf = &draft->conf;
	char where[DRAFT_WHERE_BYTES];

	for (unsigned i = 0; i < conf->n_nameservers; i++)
		check_address(draft, &conf->nameserver[i], &nameserver_rule,
			      place_of(draft, "nameserver", i, conf->n_nameservers, where));
}

static void note_unnamed_hosts(struct draft *draft)
{
	const struct conf *conf = &draft->conf;
	char where[DRAFT_WHERE_BYTES];

	if (!conf->transparent_source || conf->n_transparent > 0)
		return;
	messages_add(draft->notes,
		     "%s: whoever may use this server may speak for any host, but those beside it; "
		     "name the hosts' networks in transparent_networks",
		     draft_where(draft, option_of(draft, "transparent_source"), -1, where));
}

/* What belongs to it means nothing without it. */
static void note_without_source(struct draft *draft, const char *key)
{
	char where[DRAFT_WHERE_BYTES];

	if (!draft->conf.transparent_source && is_given(draft, key))
		messages_add(draft->notes, "%s: ignored: there is no transparent_source",
			     draft_where(draft, option_of(draft, key), -1, where));
}

static void check_transparent(struct draft *draft)
{
	struct conf *conf = &draft->conf;

	for (unsigned i = 0; i < conf->n_transparent; i++)
		network_clear_host(&conf->transparent[i]);
	note_without_source(draft, "transparent_networks");
	note_without_source(draft, "transparent_mark");
	note_unnamed_hosts(draft);
}

static void check_server(struct draft *draft)
{
	struct conf *conf = &draft->conf;
	char where[DRAFT_WHERE_BYTES];

	if (!is_given(draft, "server"))
		listen_everywhere(conf->server, &conf->n_servers);
	check_hosts(draft, "server", conf->server, conf->n_servers, &listen_rule);
	check_hosts(draft, "local_address", conf->local, conf->n_locals, &source_rule);
	drop_empty_sources(draft);
	check_nameservers(draft);
	check_transparent(draft);
	if (conf->n_locals == 2 && conf->local[0].address.family == conf->local[1].address.family)
		messages_add(draft->errors,
			     "%s: two of one family; allowed: one for IPv4 and one for IPv6",
			     draft_where(draft, option_of(draft, "local_address"), -1, where));
}

static void check_path(struct draft *draft, const struct conf_path *path, const char *where)
{
	char member[DRAFT_WHERE_BYTES + 16];
	bool is_mixed = path->address.family && path->gateway.family &&
			path->address.family != path->gateway.family;

	snprintf(member, sizeof(member), "%s.address", where);
	check_address(draft, &path->address, &own_rule, member);
	snprintf(member, sizeof(member), "%s.gateway", where);
	check_address(draft, &path->gateway, &gateway_rule, member);
	if (is_mixed)
		messages_add(draft->errors, "%s: not of the family of the address; allowed: %s",
			     member, path->address.family == AF_INET ? "IPv4" : "IPv6");
	else if (path->address.family && address_ip_equal(&path->address, &path->gateway))
		messages_add(draft->errors, "%s: the address itself; allowed: %s", member,
			     gateway_rule.allowed);
	/* these mean something in the firewall's language */
	if (path->dscp != CONF_DSCP_NONE && strpbrk(path->interface, "\"*\\"))
		messages_add(
			draft->errors,
			"%s.dscp: not with this interface; allowed: on one without \", * and \\ "
			"in its name",
			where);
}

/* One path is one link: neither the interface nor the address can be another's too. */
static void check_paths(struct draft *draft)
{
	const struct conf_path *path = draft->conf.path;
	char where[DRAFT_WHERE_BYTES], ip[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < draft->conf.n_paths; i++) {
		draft_where(draft, option_of(draft, "paths"), (int)i, where);
		check_path(draft, &path[i], where);
		for (unsigned j = 0; j < i; j++) {
			if (path[i].interface[0] &&
			    strcmp(path[i].interface, path[j].interface) == 0)
				messages_add(draft->errors,
					     "%s.interface: %s is already in paths[%u]", where,
					     path[i].interface, j);
			if (path[i].address.family &&
			    address_ip_equal(&path[i].address, &path[j].address))
				messages_add(draft->errors,
					     "%s.address: %s is already in paths[%u]", where,
					     address_format_ip(&path[i].address, ip), j);
		}
	}
}

/* An empty name is a choice too. What is inherited is not given for the path: the far end may yet
 * call it secondary. */
static void inherit_congestion(struct conf *conf)
{
	if (!conf->congestion.is_given)
		snprintf(conf->congestion.name, sizeof(conf->congestion.name), "%s",
			 CONF_CONGESTION_DEFAULT);
	for (unsigned i = 0; i < conf->n_paths; i++) {
		struct conf_congestion *own = &conf->path[i].congestion;

		if (!own->is_given && conf->path[i].role != CONF_SECONDARY)
			memcpy(own->name, conf->congestion.name, sizeof(own->name));
	}
}

/* A backup is for when the others do not work: there has to be another. */
static void check_path_roles(struct draft *draft)
{
	const struct conf *conf = &draft->conf;
	char where[DRAFT_WHERE_BYTES];
	unsigned backups = 0;

	for (unsigned i = 0; i < conf->n_paths; i++)
		backups += conf->path[i].role == CONF_BACKUP;
	if (backups > 0 && backups == conf->n_paths)
		messages_add(draft->errors,
			     "%s: every path has the role \"backup\"; allowed: at least one that "
			     "is \"primary\" or \"secondary\"",
			     draft_where(draft, option_of(draft, "paths"), -1, where));
}

/* A second subflow and TCP Fast Open do not go together in the kernel; see DESIGN.md. */
static void note_fast_open(struct draft *draft)
{
	char where[DRAFT_WHERE_BYTES];

	if (draft->conf.fast_open)
		messages_add(draft->notes,
			     "%s: ignored: with several subflows the kernel's MPTCP then crawls",
			     draft_where(draft, option_of(draft, "fast_open"), -1, where));
}

static void check_intercepted(struct draft *draft, unsigned index, const char *where)
{
	const struct conf_interface *interface = draft->conf.intercept.interface;

	if (strcmp(interface[index].name, "lo") == 0)
		messages_add(draft->errors,
			     "%s.interfaces[%u]: found \"lo\"; allowed: other interfaces, and "
			     "\"local_output\": true for the router's own connections",
			     where, index);
	for (unsigned i = 0; i < index; i++)
		if (interface[index].name[0] &&
		    strcmp(interface[i].name, interface[index].name) == 0)
			messages_add(draft->errors, "%s.interfaces[%u]: %s is in the list twice",
				     where, index, interface[index].name);
}

/* Packets that come in over a link cannot be sent on to an address that no link has. */
static void check_redirect(struct draft *draft, const char *where)
{
	const struct conf *conf = &draft->conf;

	if (conf->intercept.mode != CONF_INTERCEPT_REDIRECT)
		return;
	for (unsigned i = 0; i < conf->n_locals; i++)
		if (address_is_loopback(&conf->local[i].address))
			messages_add(
				draft->errors,
				"%s.mode: \"redirect\" cannot reach local_address %s; allowed: "
				"\"tproxy\", or another local_address",
				where, conf->local[i].name);
}

static void check_intercept(struct draft *draft)
{
	struct conf_intercept *intercept = &draft->conf.intercept;
	char where[DRAFT_WHERE_BYTES], place[DRAFT_WHERE_BYTES];

	if (!intercept->is_given)
		return;
	draft_where(draft, option_of(draft, "intercept"), -1, where);
	if (intercept->n_interfaces == 0 && !intercept->local_output)
		messages_add(draft->errors,
			     "%s: takes nothing; allowed: a list of \"interfaces\", "
			     "\"local_output\": true, or both",
			     where);
	for (unsigned i = 0; i < intercept->n_include; i++)
		network_clear_host(&intercept->include[i]);
	for (unsigned i = 0; i < intercept->n_interfaces; i++)
		check_intercepted(draft, i, where);
	check_redirect(draft, where);
	if (draft->conf.tcp_tproxy)
		messages_add(draft->notes, "%s: ignored: the rules are those of intercept",
			     draft_where(draft, option_of(draft, "tcp_tproxy"), -1, place));
}

static void inherit_peer_down(struct draft *draft)
{
	if (!is_given(draft, "on_peer_down_ipv6"))
		draft->conf.on_peer_down_ipv6 = draft->conf.on_peer_down;
}

void check_draft(struct draft *draft)
{
	check_required(draft);
	if (draft->conf.role == CONF_CLIENT)
		check_client(draft);
	else
		check_server(draft);
	check_paths(draft);
	check_intercept(draft);
	inherit_peer_down(draft);
	inherit_congestion(&draft->conf);
	check_path_roles(draft);
	credential_check(draft);
	note_fast_open(draft);
}
