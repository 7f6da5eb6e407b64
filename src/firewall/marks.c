/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Marks: the nftables table that marks what goes over paths with "dscp", as text. */
#include "firewall/marks.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * Theory of operation. A rule tells subflows by the interface by which they leave, and by the far
 * router's addresses and port (client) or by our own port (server). None of these changes while a
 * configuration is in force, so the table has nothing to follow: addresses of a link come and go.
 * It sees the packets of the kernel alone, too (SYN-ACK, TIME-WAIT), which options of a socket do
 * not reach, and greetings, which so measure the class that payload is in. ECN keeps its two bits.
 */

#define TABLE_OF_CLIENT "mpbridge_dscp"
#define TABLE_OF_SERVER "mpbridge_server_dscp"

/* As numbers: nft's names for them are younger than nft's of some routers. */
static const unsigned codes[] = {[CONF_DSCP_LE] = 1, [CONF_DSCP_CS1] = 8};

static const char *const headers[] = {"ip", "ip6"};

static sa_family_t family_of(int header)
{
	return header == 0 ? AF_INET : AF_INET6;
}

/* " ip daddr { 10.0.0.1, 10.0.0.2 }"; false: there is none of this family. */
static bool put_servers(FILE *out, const struct conf *conf, int header)
{
	char ip[ADDRESS_TEXT_BYTES];
	unsigned n = 0;

	for (unsigned i = 0; i < conf->n_servers; i++) {
		const struct address *address = &conf->server[i].address;

		if (address->family != family_of(header))
			continue;
		if (n++ == 0)
			fprintf(out, "\tset servers%d {\n\t\ttype %s\n\t\telements = { ",
				header == 0 ? 4 : 6, header == 0 ? "ipv4_addr" : "ipv6_addr");
		else
			fprintf(out, ", ");
		fprintf(out, "%s", address_format_ip(address, ip));
	}
	if (n > 0)
		fprintf(out, " }\n\t}\n");
	return n > 0;
}

static void put_rules(FILE *out, const struct conf *conf, const char *header, const char *which)
{
	for (unsigned i = 0; i < conf->n_paths; i++) {
		const struct conf_path *path = &conf->path[i];

		if (path->dscp != CONF_DSCP_NONE)
			fprintf(out, "\t\toifname \"%s\" %s %s dscp set 0x%02x\n", path->interface,
				which, header, codes[path->dscp]);
	}
}

static void put_table(FILE *out, const struct conf *conf)
{
	const char *table = marks_table(conf->role);
	bool has_servers[2] = {false, false};
	char which[64];

	fprintf(out, "add table inet %s\ndelete table inet %s\ntable inet %s {\n", table, table,
		table);
	fprintf(out, "\tcomment \"made by mpbridge from its configuration, and put back by it\"\n");
	for (int h = 0; h < 2 && conf->role == CONF_CLIENT; h++)
		has_servers[h] = put_servers(out, conf, h);
	fprintf(out,
		"\tchain output {\n\t\ttype filter hook output priority mangle; policy accept;\n");
	for (int h = 0; h < 2; h++) {
		if (conf->role == CONF_SERVER)
			snprintf(which, sizeof(which), "tcp sport %u", conf->server_port);
		else
			snprintf(which, sizeof(which), "%s daddr @servers%d tcp dport %u",
				 headers[h], h == 0 ? 4 : 6, conf->server_port);
		if (conf->role == CONF_SERVER || has_servers[h])
			put_rules(out, conf, headers[h], which);
	}
	fprintf(out, "\t}\n}\n");
}

char *marks_text(const struct conf *conf)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	if (!out)
		return NULL;
	put_table(out, conf);
	if (fclose(out) == 0)
		return text;
	free(text);
	return NULL;
}

const char *marks_table(enum conf_role role)
{
	return role == CONF_CLIENT ? TABLE_OF_CLIENT : TABLE_OF_SERVER;
}
