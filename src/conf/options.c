/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of options. */
#include "conf/options.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define CLIENT (1U << CONF_CLIENT)
#define SERVER (1U << CONF_SERVER)
#define BOTH   (CLIENT | SERVER)

#define IN(type, field)                                                                            \
	{                                                                                          \
		offsetof(struct type, field), sizeof(((struct type *)0)->field)                    \
	}
#define AT(field)	    .at = IN(conf, field)
#define LIST(field, number) .at = IN(conf, field), .count = IN(conf, number)
#define RANGE(low, high)    .min = (low), .max = (high)

/* Rows that keep nothing. */
#define NOTHING(key, flag, roles, type, argument, about)                                           \
	{                                                                                          \
		key, flag, false, roles, type, argument, {0, 0}, {0, 0}, 0, 0, NULL, about         \
	}
#define IGNORED(key, flag, roles, argument, about)                                                 \
	NOTHING(key, flag, roles, OPTION_IGNORED, argument, about)
#define REFUSED(key, flag, roles, argument, about)                                                 \
	NOTHING(key, flag, roles, OPTION_REFUSED, argument, about)

#define GUESS_BYTES 32 /* no key is longer */

#define BUFFERS "the kernel sizes the buffers of a connection by its links"
#define SOURCES "name the source addresses in local_address, one for IPv4 and one for IPv6"

static const char *const forward_words[] = {
	[CONF_FORWARD_AUTO] = "auto", [CONF_FORWARD_COPY] = "copy", NULL};
static const char *const path_role_words[] = {
	[CONF_PRIMARY] = "primary", [CONF_BACKUP] = "backup", [CONF_SECONDARY] = "secondary", NULL};
static const char *const path_dscp_words[] = {
	[CONF_DSCP_NONE] = "", [CONF_DSCP_LE] = "le", [CONF_DSCP_CS1] = "cs1", NULL};
static const char *const peer_down_words[] = {
	[CONF_PEER_DOWN_REFUSE] = "refuse", [CONF_PEER_DOWN_DIRECT] = "direct", NULL};
static const char *const intercept_words[] = {[CONF_INTERCEPT_AUTO] = "auto",
					      [CONF_INTERCEPT_TPROXY] = "tproxy",
					      [CONF_INTERCEPT_REDIRECT] = "redirect",
					      NULL};
static const char *const mode_words[] = {"tcp_only", "tcp_and_udp", NULL};

/* Key, short flag, required, roles, type, argument; then what the type needs. In help's order. */
const struct conf_option option_table[] = {
	{"config", 'c', false, BOTH, OPTION_FILE, "FILE",
	 .about = "read this file; flags win over it"},
	{"server", 's', true, CLIENT, OPTION_HOSTS, "HOST", LIST(server, n_servers),
	 .about = "the far router; again for each of its addresses, one per link"},
	{"server", 's', false, SERVER, OPTION_HOSTS, "HOST", LIST(server, n_servers),
	 .about = "listen on this address; again for more (0.0.0.0 and ::)"},
	{"server_port", 'p', true, BOTH, OPTION_NUMBER, "PORT", AT(server_port), RANGE(1, 65535),
	 .about = "the port of the server"},
	{"local_address", 'b', false, CLIENT, OPTION_ADDRESSES, "ADDRESS", LIST(local, n_locals),
	 .about = "listen for redirected connections here (0.0.0.0 and ::)"},
	{"local_address", 'b', false, SERVER, OPTION_ADDRESSES, "ADDRESS", LIST(local, n_locals),
	 .about = "source address of outgoing connections"},
	{"local_port", 'l', false, CLIENT, OPTION_NUMBER, "PORT", AT(local_port), RANGE(1, 65535),
	 .about = "the port that connections are redirected to (1080)"},
	{"local_port", 'l', false, SERVER, OPTION_NUMBER, "PORT", AT(local_port), RANGE(1, 65535),
	 .about = "accepted for old files; a server has no use for it"},
	{"method", 'm', true, BOTH, OPTION_METHOD, "METHOD",
	 .at = {offsetof(struct conf, method), sizeof(void *)},
	 .about = "what protects the connections, see below"},
	{"password", 'k', false, BOTH, OPTION_SECRET, "TEXT",
	 .about = "the same at both ends; of 2022-... and auth-only the key"},
	{"key", 0, false, BOTH, OPTION_SECRET, "BASE64",
	 .about = "the key, in place of a password; mpbridge keygen makes one"},
	{"timeout", 't', false, BOTH, OPTION_NUMBER, "SECONDS", AT(timeout_s), RANGE(1, 2592000),
	 .about = "end a connection that was silent for so long (300)"},
	{"fast_open", 0, false, BOTH, OPTION_BOOL, NULL, AT(fast_open),
	 .about = "accepted and ignored, see mpbridge.conf(5)"},
	{"allow", 0, false, SERVER, OPTION_NETWORKS, "NETWORK", LIST(allow, n_allow),
	 .about = "admit clients from here (directly connected subnets)"},
	{"deny", 0, false, SERVER, OPTION_NETWORKS, "NETWORK", LIST(deny, n_deny),
	 .about = "open no connections to here"},
	{"nameserver", 'd', false, SERVER, OPTION_NAMESERVERS, "ADDRESS",
	 LIST(nameserver, n_nameservers),
	 .about = "ask this name server; again for more (those of /etc/resolv.conf)"},
	{"paths", 0, false, BOTH, OPTION_PATHS, NULL, LIST(path, n_paths),
	 .about = "the links, in the file alone (every link that fits)"},
	{"intercept", 0, false, CLIENT, OPTION_INTERCEPT, NULL, AT(intercept),
	 .about = "take connections over by rules of our own, in the file alone"},
	{"tcp_tproxy", 'T', false, CLIENT, OPTION_BOOL, NULL, AT(tcp_tproxy),
	 .about = "your own rules are of TPROXY, not of REDIRECT"},
	{"transparent_source", 0, false, CLIENT, OPTION_BOOL, NULL, AT(transparent_source),
	 .about = "tell the server which host a connection is of"},
	{"transparent_source", 0, false, SERVER, OPTION_BOOL, NULL, AT(transparent_source),
	 .about = "show destinations the hosts' own addresses"},
	{"transparent_networks", 0, false, SERVER, OPTION_NETWORKS, "NETWORK",
	 LIST(transparent, n_transparent),
	 .about = "where these hosts are (all but this router's subnets)"},
	{"transparent_mark", 0, false, SERVER, OPTION_MARK, "MARK", AT(transparent_mark),
	 .about = "a bit of marks that nobody else uses (0x10000000)"},
	{"congestion", 0, false, BOTH, OPTION_CONGESTION, "NAME", AT(congestion),
	 .about = "congestion control of all paths (bbr, if there)"},
	{"forward", 0, false, BOTH, OPTION_WORD, "auto|copy", AT(forward), .words = forward_words,
	 .about = "how payload moves; copy is for tests (auto)"},
	{"on_peer_down", 0, false, CLIENT, OPTION_WORD, "refuse|direct", AT(on_peer_down),
	 .words = peer_down_words,
	 .about = "new connections while no path leads to the far router (refuse)"},
	{"on_peer_down_ipv6", 0, false, CLIENT, OPTION_WORD, "refuse|direct", AT(on_peer_down_ipv6),
	 .words = peer_down_words,
	 .about = "the same for those to IPv6 addresses (as on_peer_down)"},
	{"workers", 0, false, BOTH, OPTION_NUMBER, "COUNT", AT(workers), RANGE(0, CONF_WORKERS_MAX),
	 .about = "processes that carry payload; 0: one per core (0)"},
	{"user", 'a', false, BOTH, OPTION_USER, "USER", AT(user),
	 .about = "the user the workers run as (mpbridge, else nobody)"},
	{"pid_file", 'f', false, BOTH, OPTION_TEXT, "FILE", AT(pid_file),
	 .about = "go to the background and write the process id there"},
	{"verbose", 'v', false, BOTH, OPTION_BOOL, NULL, AT(is_verbose), .about = "log more"},
	{"help", 'h', false, BOTH, OPTION_HELP, NULL, .about = "print this"},

	/* What shadowsocks-libev has besides. Without effect here: */
	{"mode", 0, false, BOTH, OPTION_MODE, "MODE", .words = mode_words,
	 .about = "UDP is not carried, only TCP"},
	IGNORED(NULL, 'u', BOTH, NULL, "UDP is not carried, only TCP"),
	IGNORED("mptcp", 0, BOTH, NULL, "Multipath TCP is always used"),
	IGNORED("no_delay", 0, BOTH, NULL, "small writes are never held back"),
	IGNORED("reuse_port", 0, BOTH, NULL, "each worker has its own listening socket"),
	IGNORED("nofile", 'n', BOTH, "COUNT", "the system's limit on open files applies"),
	IGNORED("mtu", 0, BOTH, "BYTES", "the links' own MTU is used"),
	IGNORED("ipv6_first", '6', BOTH, NULL, "addresses are taken in the order given"),
	IGNORED("nameserver", 'd', CLIENT, "ADDRESS",
		"names in server are looked up as the system is set up to"),
	IGNORED("use_syslog", 0, BOTH, NULL,
		"the log goes to stderr, or to syslog in the background"),
	IGNORED("workdir", 0, BOTH, "FOLDER", "no files are written there"),
	IGNORED("dscp", 0, BOTH, "MAP", "packets are not marked"),
	IGNORED("remarks", 0, BOTH, "TEXT", "a comment"),
	IGNORED("tunnel_address", 0, BOTH, "HOST", "for ss-tunnel only"),
	IGNORED("tcp_incoming_sndbuf", 0, BOTH, "BYTES", BUFFERS),
	IGNORED("tcp_incoming_rcvbuf", 0, BOTH, "BYTES", BUFFERS),
	IGNORED("tcp_outgoing_sndbuf", 0, BOTH, "BYTES", BUFFERS),
	IGNORED("tcp_outgoing_rcvbuf", 0, BOTH, "BYTES", BUFFERS),

	/* Its loss would change what happens: */
	REFUSED(NULL, 'U', BOTH, NULL, "UDP is not carried, so nothing would be left to do"),
	REFUSED("plugin", 0, BOTH, "COMMAND",
		"plugins are not supported; one TCP stream through a plugin could not use several "
		"links"),
	REFUSED("plugin_opts", 0, BOTH, "TEXT", "plugins are not supported"),
	REFUSED("acl", 0, BOTH, "FILE",
		"access lists are not supported; on a server use allow and deny, on a client leave "
		"such destinations out of the redirect rules"),
	REFUSED("port_password", 0, BOTH, "MAP",
		"several ports with a password each are not supported; start one server for each "
		"port"),
	REFUSED("manager_address", 0, BOTH, "ADDRESS",
		"there is no manager interface; start one server for each port"),
	REFUSED("executable", 0, BOTH, "FILE", "there is no manager interface"),
	REFUSED("interface", 'i', BOTH, "INTERFACE",
		"links are named in paths; other connections leave by the routing table, from "
		"local_address"),
	REFUSED("local_ipv4_address", 0, BOTH, "ADDRESS", SOURCES),
	REFUSED("local_ipv6_address", 0, BOTH, "ADDRESS", SOURCES),
	IGNORED("tcp_tproxy", 'T', SERVER, NULL, "for a client only"),
	REFUSED("auth", 'A', BOTH, NULL, "one-time authentication is broken and deprecated"),
	{.about = NULL},
};

#define INTERCEPT(field)	      .at = IN(conf_intercept, field)
#define INTERCEPT_LIST(field, number) INTERCEPT(field), .count = IN(conf_intercept, number)

const struct conf_option option_intercept_keys[] = {
	{"interfaces", 0, false, CLIENT, OPTION_INTERFACES, NULL,
	 INTERCEPT_LIST(interface, n_interfaces),
	 .about = "take over what comes in here, as in \"br-lan\""},
	{"exclude", 0, false, CLIENT, OPTION_NETWORKS, NULL, INTERCEPT_LIST(exclude, n_exclude),
	 .about = "but leave what goes to these networks"},
	{"include", 0, false, CLIENT, OPTION_NETWORKS, NULL, INTERCEPT_LIST(include, n_include),
	 .about = "take only what goes to these networks (all)"},
	{"ports", 0, false, CLIENT, OPTION_PORTS, NULL, INTERCEPT_LIST(port, n_ports),
	 .about = "take only what goes to these ports (all)"},
	{"mode", 0, false, CLIENT, OPTION_WORD, NULL, INTERCEPT(mode), .words = intercept_words,
	 .about = "by which means (tproxy where the kernel has it)"},
	{"local_output", 0, false, CLIENT, OPTION_BOOL, NULL, INTERCEPT(local_output),
	 .about = "the router's own connections, too (false)"},
	{"mark", 0, false, CLIENT, OPTION_MARK, NULL, INTERCEPT(mark),
	 .about = "it and the bit below are marks that nobody else uses (0x40000000)"},
	{.about = NULL},
};

const struct conf_option option_path_keys[] = {
	{"interface", 0, true, BOTH, OPTION_INTERFACE, NULL, .at = IN(conf_path, interface),
	 .about = "the link, as in \"wan1\""},
	{"address", 0, false, BOTH, OPTION_ADDRESS, NULL, .at = IN(conf_path, address),
	 .about = "this router's address on the link (the interface's own)"},
	{"gateway", 0, false, BOTH, OPTION_ADDRESS, NULL, .at = IN(conf_path, gateway),
	 .about = "the next hop on the link (as the main routing table has it)"},
	{"role", 0, false, BOTH, OPTION_WORD, NULL, .at = IN(conf_path, role),
	 .words = path_role_words, .about = "what the link is for (primary)"},
	{"congestion", 0, false, BOTH, OPTION_CONGESTION, NULL, .at = IN(conf_path, congestion),
	 .about = "congestion control of the link's subflows (that of all paths)"},
	{"dscp", 0, false, BOTH, OPTION_WORD, NULL, .at = IN(conf_path, dscp),
	 .words = path_dscp_words,
	 .about = "mark what is sent over the link: \"le\", \"cs1\" (no)"},
	{.about = NULL},
};

const char *options_path_role(enum conf_path_role role)
{
	return path_role_words[role];
}

const char *options_path_dscp(enum conf_dscp dscp)
{
	return path_dscp_words[dscp];
}

unsigned options_count(const struct conf_option *table)
{
	unsigned count = 0;

	while (table[count].about)
		count++;
	return count;
}

const char *options_keys(const struct conf_option *table, char buf[static 160])
{
	size_t used = 0;

	buf[0] = '\0';
	for (const struct conf_option *row = table; row->about && used < 160; row++)
		used += (size_t)snprintf(buf + used, 160 - used, "%s%s", used ? ", " : "",
					 row->key);
	return buf;
}

const struct conf_option *options_find_key(const struct conf_option *table, enum conf_role role,
					   const char *key)
{
	const struct conf_option *found = NULL;

	for (const struct conf_option *row = table; row->about; row++) {
		if (!row->key || row->type == OPTION_FILE || row->type == OPTION_HELP)
			continue;
		if (strcmp(row->key, key) == 0 && (!found || option_has_role(row, role)))
			found = row;
	}
	return found;
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters to insert, drop or replace to get from one word to the other (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[GUESS_BYTES + 1];
	size_t length = strlen(b);

	assert(length <= GUESS_BYTES);
	for (unsigned j = 0; j <= length; j++)
		row[j] = j;
	for (unsigned i = 1; *a; a++, i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= length; j++) {
			unsigned replaced = diagonal + (*a != b[j - 1]);

			diagonal = row[j];
			row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
		}
	}
	return row[length];
}

const char *options_guess(const struct conf_option *table, const char *word)
{
	const char *guess = NULL;
	unsigned best = least(3, (unsigned)strnlen(word, GUESS_BYTES) / 2);

	if (strnlen(word, GUESS_BYTES + 1) > GUESS_BYTES)
		return NULL;
	for (const struct conf_option *row = table; row->about; row++) {
		unsigned d;

		if (!row->key || row->type == OPTION_FILE || row->type == OPTION_HELP)
			continue;
		d = distance(word, row->key);
		if (d < best) {
			best = d;
			guess = row->key;
		}
	}
	return guess;
}

bool option_has_role(const struct conf_option *option, enum conf_role role)
{
	return option->roles & (1U << role);
}

bool option_is_object(const struct conf_option *option)
{
	return option->type == OPTION_PATHS || option->type == OPTION_INTERCEPT;
}

bool option_is_list(const struct conf_option *option)
{
	return option->count.bytes > 0;
}

unsigned option_list_max(const struct conf_option *option)
{
	size_t element = sizeof(struct conf_host);

	assert(option_is_list(option));
	if (option->type == OPTION_NETWORKS)
		element = sizeof(struct network);
	else if (option->type == OPTION_NAMESERVERS)
		element = sizeof(struct address);
	else if (option->type == OPTION_PATHS)
		element = sizeof(struct conf_path);
	else if (option->type == OPTION_INTERFACES)
		element = sizeof(struct conf_interface);
	else if (option->type == OPTION_PORTS)
		element = sizeof(struct conf_ports);
	return (unsigned)(option->at.bytes / element);
}

const char *options_long_name(const char *key, char buf[static 32])
{
	snprintf(buf, 32, "%s", key);
	for (char *c = buf; *c; c++)
		if (*c == '_')
			*c = '-';
	return buf;
}

const char *option_long_flag(const struct conf_option *option, char buf[static 32])
{
	buf[0] = '\0';
	if (!option->key || option_is_object(option))
		return buf;
	return options_long_name(option->key, buf);
}

const char *option_flag_name(const struct conf_option *option, char buf[static 40])
{
	char name[32];

	if (option->flag)
		snprintf(buf, 40, "-%c", option->flag);
	else
		snprintf(buf, 40, "--%s", option_long_flag(option, name));
	return buf;
}

static void join_words(const char *const *words, char *buf, size_t bytes)
{
	size_t used = 0;

	buf[0] = '\0';
	for (; *words && used < bytes; words++)
		used += (size_t)snprintf(buf + used, bytes - used, "%s\"%s\"", used ? ", " : "",
					 *words);
}

static void join_methods(char *buf, size_t bytes)
{
	size_t used = 0;

	buf[0] = '\0';
	for (const struct method *method = method_table; method->name && used < bytes; method++)
		used += (size_t)snprintf(buf + used, bytes - used, "%s%s", used ? ", " : "",
					 method->name);
}

const char *option_allowed(const struct conf_option *option, bool is_element, char buf[static 160])
{
	static const char *const texts[] = {
		[OPTION_HOSTS] = "an IP address or a host name",
		[OPTION_ADDRESSES] = "an IP address",
		[OPTION_NETWORKS] = "a network as \"10.0.0.0/8\" or \"fd00::/8\"",
		[OPTION_NAMESERVERS] = "an IP address, with a port (53) behind it or not",
		[OPTION_INTERFACES] = "the name of an interface, 1 to 15 characters",
		[OPTION_PORTS] = "a port as 443, or several as \"8000-8999\"",
		[OPTION_MARK] = "one bit of 32, as \"0x40000000\"",
		[OPTION_INTERCEPT] = "an object as { \"interfaces\": \"br-lan\" }",
		[OPTION_PATHS] = "an object as { \"interface\": \"wan1\" }",
		[OPTION_BOOL] = "true or false",
		[OPTION_TEXT] = "a text that is not empty",
		[OPTION_USER] = "the name of a user",
		[OPTION_INTERFACE] = "the name of an interface, 1 to 15 characters",
		[OPTION_ADDRESS] = "an IP address",
		[OPTION_CONGESTION] =
			"the name of a congestion control (1 to 15 of a-z, 0-9, _), or \"\"",
		[OPTION_SECRET] = "a text",
		[OPTION_HELP] = "",
	};
	const char *text = texts[option->type] ? texts[option->type] : "";

	if (option->words)
		join_words(option->words, buf, 160);
	else if (option->type == OPTION_METHOD)
		join_methods(buf, 160);
	else if (option->type == OPTION_NUMBER)
		snprintf(buf, 160, "a whole number from %lld to %lld", (long long)option->min,
			 (long long)option->max);
	else if (option_is_list(option) && !is_element)
		snprintf(buf, 160, "%s%s",
			 option->type == OPTION_PATHS ? "a list, each element " : "a list, or ",
			 text);
	else
		snprintf(buf, 160, "%s", text);
	return buf;
}
