/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ruleset: the one nftables table of a client or of a server, as text for nft(8). */
#include "firewall/ruleset.h"

#include <inttypes.h>
#include <stdio.h>

/*
 * Theory of operation. All is in one table, which is replaced as a whole: first it is added, so
 * that deleting it cannot fail, then deleted, then written anew, and nft does that as one
 * transaction. So there is no moment without rules, and other people's tables are not touched.
 *
 * TPROXY: a packet that came in by an intercepted interface, and is to be taken, is given to the
 * listening socket and marked; the mark leads it to this router (steering.c). First of all come the
 * packets of connections that have been taken already (`socket transparent`): they stay ours, also
 * when the configuration changes what is exempt. The listening sockets are transparent, too, so
 * `socket wildcard` tells them apart where they listen on all addresses.
 *
 * REDIRECT: the kernel's NAT looks at the first packet of a connection only, and remembers. That
 * may be one in the middle, if conntrack has only begun to run: those are let pass.
 *
 * What a host answers to a connection that was made to it is not taken: conntrack tells.
 *
 * A connection that ran around the bridge before it was there cannot be taken over any more. Where
 * nothing may go around it, its ends are told with a reset, so that they connect anew: with TPROXY
 * by the listening socket, which knows nothing of it; with REDIRECT by a rule behind the NAT. Else
 * only first packets are taken, and it goes on.
 *
 * The router's own connections (local_output): with TPROXY their packets are marked on the way out,
 * which leads them back in by the loopback interface; with REDIRECT, NAT has a hook on the way out.
 * What the workers send is recognised by their user. Only connections that begin are taken, which
 * for the later packets of TPROXY conntrack remembers by the same bit of its mark.
 *
 * A server with transparent_source has sockets with addresses of hosts. What is sent to one of
 * these (ICMP, too: a path's MTU is told by that) is marked, and the mark leads it to this router.
 * A client beside it has transparent listening sockets, which take no packet that is not theirs:
 * those on all addresses are passed by. Of a connection that has ended the kernel does not tell
 * whether it is a wildcard, so it is asked the other way round.
 */

#define TABLE_OF_CLIENT "mpbridge"
#define TABLE_OF_SERVER "mpbridge_server"

#define TAKE_PRIORITY	"mangle"
#define NAT_PRIORITY	"dstnat - 1" /* before the redirections of others, as to a cache */
#define OUTPUT_PRIORITY "-101"
#define AFTER_NAT	"dstnat + 1"
#define NO_SYN		"tcp flags & (fin | syn | rst | ack) != syn"
#define NOT_OURS	"fib daddr type { local, broadcast, multicast, anycast } return"

/* Networks of somebody else's. */
struct span {
	const struct network *item;
	size_t n;
};

static struct span span_of(const struct networks *networks)
{
	return (struct span){networks->item, networks->n};
}

static bool has_family(struct span networks, sa_family_t family)
{
	for (size_t i = 0; i < networks.n; i++)
		if (networks.item[i].base.family == family)
			return true;
	return false;
}

/* ---- sets ---- */

static void put_networks(FILE *out, const char *name, sa_family_t family, struct span networks)
{
	const char *separator = "";

	if (!has_family(networks, family))
		return;
	fprintf(out, "\tset %s%c {\n\t\ttype %s\n\t\tflags interval\n\t\tauto-merge\n", name,
		family == AF_INET ? '4' : '6', family == AF_INET ? "ipv4_addr" : "ipv6_addr");
	fprintf(out, "\t\telements = { ");
	for (size_t i = 0; i < networks.n; i++) {
		char text[NETWORK_TEXT_BYTES];

		if (networks.item[i].base.family != family)
			continue;
		fprintf(out, "%s%s", separator, network_format(&networks.item[i], text));
		separator = ", ";
	}
	fprintf(out, " }\n\t}\n");
}

static struct span included(const struct conf *conf)
{
	return (struct span){conf->intercept.include, conf->intercept.n_include};
}

static void put_interfaces(FILE *out, const char *set, const struct conf_intercept *intercept)
{
	if (intercept->n_interfaces == 0)
		return;
	fprintf(out, "\tset %s {\n\t\ttype ifname\n\t\telements = { ", set);
	for (unsigned i = 0; i < intercept->n_interfaces; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", intercept->interface[i].name);
	fprintf(out, " }\n\t}\n");
}

static void put_sets(FILE *out, const struct intent *intent)
{
	static const sa_family_t families[] = {AF_INET, AF_INET6};
	const struct span include = included(intent->conf);

	put_interfaces(out, "interfaces", &intent->conf->intercept);
	put_interfaces(out, "kept", intent->kept);
	for (int f = 0; f < 2; f++) {
		put_networks(out, "exempt", families[f], span_of(intent->always));
		if (intent->conf->intercept.local_output)
			put_networks(out, "nearby", families[f], span_of(intent->nearby));
		put_networks(out, "include", families[f], include);
	}
}

/* ---- which connections ---- */

static void put_ports(FILE *out, const struct conf_intercept *intercept)
{
	if (intercept->n_ports == 0)
		return;
	fprintf(out, "\t\ttcp dport != { ");
	for (unsigned i = 0; i < intercept->n_ports; i++) {
		const struct conf_ports *ports = &intercept->port[i];

		fprintf(out, "%s%u", i ? ", " : "", ports->first);
		if (ports->last != ports->first)
			fprintf(out, "-%u", ports->last);
	}
	fprintf(out, " } return\n");
}

static void put_exempt(FILE *out, const char *set, struct span networks)
{
	if (has_family(networks, AF_INET))
		fprintf(out, "\t\tip daddr @%s4 return\n", set);
	if (has_family(networks, AF_INET6))
		fprintf(out, "\t\tip6 daddr @%s6 return\n", set);
}

static void put_include(FILE *out, const struct conf *conf)
{
	const struct span include = included(conf);

	if (include.n == 0)
		return;
	fprintf(out, has_family(include, AF_INET) ? "\t\tip daddr != @include4 return\n"
						  : "\t\tmeta nfproto ipv4 return\n");
	fprintf(out, has_family(include, AF_INET6) ? "\t\tip6 daddr != @include6 return\n"
						   : "\t\tmeta nfproto ipv6 return\n");
}

/* What comes after these is to be taken over. */
static void put_selection(FILE *out, const struct intent *intent)
{
	put_ports(out, &intent->conf->intercept);
	fprintf(out, "\t\t" NOT_OURS "\n");
	put_exempt(out, "exempt", span_of(intent->always));
	put_include(out, intent->conf);
}

/* ---- what becomes of them ---- */

const struct address *ruleset_listener(const struct conf *conf, sa_family_t family)
{
	for (unsigned i = 0; i < conf->n_locals; i++)
		if (conf->local[i].address.family == family)
			return &conf->local[i].address;
	return NULL;
}

/* "10.0.0.1:1080", "[fd00::1]:1080"; of a listener on all addresses ":1080". */
static const char *target_of(const struct conf *conf, sa_family_t family,
			     char buf[static ADDRESS_TEXT_BYTES])
{
	const struct address *listener = ruleset_listener(conf, family);
	struct address target;

	if (!listener)
		return NULL;
	target = *listener;
	target.port = conf->local_port;
	if (address_is_unspecified(&target))
		snprintf(buf, ADDRESS_TEXT_BYTES, ":%u", conf->local_port);
	else
		address_format(&target, buf);
	return buf;
}

static void put_reset(FILE *out, const struct conf *conf, int version)
{
	sa_family_t family = version == 4 ? AF_INET : AF_INET6;

	if (conf_peer_down_of(conf, family) == CONF_PEER_DOWN_REFUSE)
		fprintf(out, "\t\tmeta nfproto ipv%d meta l4proto tcp reject with tcp reset\n",
			version);
}

/* The last packet of a handshake has a socket that does not say whether it is a wildcard. */
static void put_first_packets_only(FILE *out, int version, uint32_t mark)
{
	fprintf(out,
		"\t\tmeta nfproto ipv%d socket transparent 1 meta mark set meta mark | 0x%08" PRIx32
		" accept\n\t\tmeta nfproto ipv%d " NO_SYN " return\n",
		version, mark, version);
}

static void put_tproxy(FILE *out, const struct conf *conf, int version)
{
	sa_family_t family = version == 4 ? AF_INET : AF_INET6;
	uint32_t mark = conf->intercept.mark;
	char text[ADDRESS_TEXT_BYTES];
	const char *target = target_of(conf, family, text);

	if (!target) {
		put_reset(out, conf, version);
		return;
	}
	if (conf_peer_down_of(conf, family) == CONF_PEER_DOWN_DIRECT)
		put_first_packets_only(out, version, mark);
	fprintf(out,
		"\t\tmeta nfproto ipv%d meta l4proto tcp tproxy %s to %s meta mark set meta mark | "
		"0x%08" PRIx32 " accept\n",
		version, version == 4 ? "ip" : "ip6", target, mark);
}

static void put_redirect(FILE *out, const struct conf *conf, int version)
{
	char text[ADDRESS_TEXT_BYTES];
	const char *target = target_of(conf, version == 4 ? AF_INET : AF_INET6, text);

	if (!target)
		return;
	fprintf(out, "\t\tmeta nfproto ipv%d meta l4proto tcp ", version);
	if (target[0] == ':')
		fprintf(out, "redirect to %s\n", target);
	else
		fprintf(out, "dnat %s to %s\n", version == 4 ? "ip" : "ip6", target);
}

/* ---- chains ---- */

static void begin_chain(FILE *out, const char *name, const char *type, const char *hook,
			const char *priority)
{
	fprintf(out,
		"\tchain %s {\n\t\ttype %s hook %s priority %s; policy accept;\n"
		"\t\tmeta l4proto != tcp return\n",
		name, type, hook, priority);
}

static void put_own_output(FILE *out, const struct intent *intent)
{
	fprintf(out, "\t\tmeta skuid %u return\n", (unsigned)intent->user);
	put_selection(out, intent);
	put_exempt(out, "nearby", span_of(intent->nearby));
}

/* The answers of hosts to connections that were made to them: they pass, here and the guard. */
static void put_answers(FILE *out, const struct conf *conf)
{
	fprintf(out,
		"\t\tiifname @interfaces ct direction reply meta mark set meta mark | 0x%08" PRIx32
		" return\n",
		conf_pass_mark(conf));
}

/* Packets of flows that were taken over by these interfaces find their sockets. */
static void put_running(FILE *out, const char *set, uint32_t mark)
{
	fprintf(out,
		"\t\tiifname @%s socket transparent 1 socket wildcard 0 meta mark set meta mark | "
		"0x%08" PRIx32 " accept\n",
		set, mark);
}

static void put_tproxy_output(FILE *out, const struct intent *intent)
{
	uint32_t mark = intent->conf->intercept.mark;

	begin_chain(out, "output", "route", "output", TAKE_PRIORITY);
	fprintf(out,
		"\t\tct direction != original return\n"
		"\t\tct mark & 0x%08" PRIx32 " != 0 meta mark set meta mark | 0x%08" PRIx32
		" accept\n"
		"\t\t" NO_SYN " return\n",
		mark, mark);
	if (!intent->is_leaving && intent->conf->intercept.local_output) {
		put_own_output(out, intent);
		fprintf(out,
			"\t\tct mark set ct mark | 0x%08" PRIx32 "\n"
			"\t\tmeta mark set meta mark | 0x%08" PRIx32 "\n",
			mark, mark);
	}
	fprintf(out, "\t}\n");
}

static void put_take(FILE *out, const struct intent *intent)
{
	fprintf(out, "\tchain take {\n");
	put_selection(out, intent);
	put_tproxy(out, intent->conf, 4);
	if (intent->has_ipv6)
		put_tproxy(out, intent->conf, 6);
	fprintf(out, "\t}\n");
}

static bool has_output(const struct intent *intent)
{
	return intent->conf->intercept.local_output || intent->kept->local_output;
}

static void put_tproxy_chains(FILE *out, const struct intent *intent)
{
	const struct conf_intercept *intercept = &intent->conf->intercept;
	uint32_t mark = intercept->mark;

	put_take(out, intent);
	begin_chain(out, "prerouting", "filter", "prerouting", TAKE_PRIORITY);
	if (intent->kept->n_interfaces > 0)
		put_running(out, "kept", mark);
	if (intercept->n_interfaces > 0) {
		put_running(out, "interfaces", mark);
		put_answers(out, intent->conf);
		if (!intent->is_leaving)
			fprintf(out, "\t\tiifname @interfaces goto take\n");
	}
	if (has_output(intent))
		fprintf(out, "\t\tiifname \"lo\" meta mark & 0x%08" PRIx32 " != 0 goto take\n",
			mark);
	fprintf(out, "\t}\n");
	if (has_output(intent))
		put_tproxy_output(out, intent);
}

/* Behind the NAT: what it took is for this router then, and the selection lets it pass. */
static void put_refusal(FILE *out, const struct intent *intent)
{
	begin_chain(out, "refuse", "filter", "prerouting", AFTER_NAT);
	put_answers(out, intent->conf);
	fprintf(out, "\t\tiifname != @interfaces return\n");
	put_selection(out, intent);
	put_reset(out, intent->conf, 4);
	if (intent->has_ipv6)
		put_reset(out, intent->conf, 6);
	fprintf(out, "\t}\n");
}

static void put_redirections(FILE *out, const struct intent *intent)
{
	put_redirect(out, intent->conf, 4);
	if (intent->has_ipv6)
		put_redirect(out, intent->conf, 6);
	fprintf(out, "\t}\n");
}

static void put_redirect_chains(FILE *out, const struct intent *intent)
{
	const struct conf_intercept *intercept = &intent->conf->intercept;

	if (intent->is_leaving) {
		/* without a chain there is no NAT, and without a rule that asks, no conntrack */
		begin_chain(out, "prerouting", "nat", "prerouting", NAT_PRIORITY);
		fprintf(out, "\t\tct state established accept\n\t}\n");
		return;
	}
	if (intercept->n_interfaces > 0) {
		begin_chain(out, "prerouting", "nat", "prerouting", NAT_PRIORITY);
		fprintf(out, "\t\tiifname != @interfaces return\n\t\t" NO_SYN " return\n");
		put_selection(out, intent);
		put_redirections(out, intent);
		put_refusal(out, intent);
	}
	if (intercept->local_output) {
		begin_chain(out, "output", "nat", "output", OUTPUT_PRIORITY);
		fprintf(out, "\t\t" NO_SYN " return\n");
		put_own_output(out, intent);
		put_redirections(out, intent);
	}
}

static void put_answer_chain(FILE *out, const struct conf *conf)
{
	fprintf(out,
		"\tchain answers {\n\t\ttype filter hook prerouting priority " TAKE_PRIORITY
		"; policy accept;\n"
		"\t\tmeta l4proto != { tcp, icmp, ipv6-icmp } return\n"
		"\t\tsocket wildcard 1 return\n"
		"\t\tsocket transparent 1 meta mark set meta mark | 0x%08" PRIx32 "\n\t}\n",
		conf->transparent_mark);
}

static void put_chains(FILE *out, const struct intent *intent)
{
	if (intent->conf->role == CONF_SERVER) {
		put_answer_chain(out, intent->conf);
		return;
	}
	put_sets(out, intent);
	if (intent->mode == CONF_INTERCEPT_TPROXY)
		put_tproxy_chains(out, intent);
	else
		put_redirect_chains(out, intent);
}

char *ruleset_text(const struct intent *intent)
{
	const char *table = ruleset_table(intent->conf->role);
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	fprintf(out, "add table inet %s\ndelete table inet %s\ntable inet %s {\n", table, table,
		table);
	fprintf(out, "\tcomment \"made by mpbridge from its configuration, and put back by it\"\n");
	put_chains(out, intent);
	fprintf(out, "}\n");
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

const char *ruleset_table(enum conf_role role)
{
	return role == CONF_CLIENT ? TABLE_OF_CLIENT : TABLE_OF_SERVER;
}
