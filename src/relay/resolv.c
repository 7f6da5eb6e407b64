/* SPDX-License-Identifier: GPL-3.0-or-later */
/* resolv.conf(5): whom to ask for names. */
#include "relay/resolv.h"

#include "base/lines.h"
#include "conf/syntax.h"

#include <stdio.h>
#include <string.h>

#define BLANK	      " \t\r"
#define LINE_BYTES    256
#define NAMESERVER    "nameserver"
#define OPTIONS	      "options"
#define TIMEOUT	      "timeout:"
#define ATTEMPTS      "attempts:"
#define TIMEOUT_MAX_S 30 /* the C library's bounds */
#define ATTEMPTS_MAX  5

/*
 * The C library's five seconds would be half of what a flow waits for its destination: with two,
 * the second and third server still have their turn.
 */
static const struct resolv defaults = {.timeout_ms = 2000, .attempts = 2};

static const struct address this_machine = {.family = AF_INET, .port = 53, .ip = {127, 0, 0, 1}};

static void read_server(char *words, struct resolv *resolv)
{
	const char *word = strtok_r(words, BLANK, &words);

	if (word && resolv->n_servers < CONF_NAMESERVERS_MAX &&
	    syntax_read_nameserver(word, &resolv->server[resolv->n_servers]))
		resolv->n_servers++;
}

static uint32_t read_bounded(const char *text, uint32_t max, uint32_t otherwise)
{
	int64_t value;

	if (!syntax_read_number(text, &value) || value < 1)
		return otherwise;
	return value > max ? max : (uint32_t)value;
}

static void read_options(char *words, struct resolv *resolv)
{
	const char *word;

	while ((word = strtok_r(words, BLANK, &words))) {
		if (strncmp(word, TIMEOUT, strlen(TIMEOUT)) == 0)
			resolv->timeout_ms =
				1000 * read_bounded(word + strlen(TIMEOUT), TIMEOUT_MAX_S,
						    resolv->timeout_ms / 1000);
		else if (strncmp(word, ATTEMPTS, strlen(ATTEMPTS)) == 0)
			resolv->attempts = read_bounded(word + strlen(ATTEMPTS), ATTEMPTS_MAX,
							resolv->attempts);
	}
}

static void read_line(char *line, struct resolv *resolv)
{
	char *rest = line;
	const char *key = strtok_r(line, BLANK, &rest);

	if (key && strcmp(key, NAMESERVER) == 0)
		read_server(rest, resolv);
	else if (key && strcmp(key, OPTIONS) == 0)
		read_options(rest, resolv);
}

void resolv_parse(const char *text, struct resolv *out)
{
	char line[LINE_BYTES];

	*out = defaults;
	while (lines_next(&text, line, sizeof(line)))
		read_line(line, out);
	if (out->n_servers == 0)
		out->server[out->n_servers++] = this_machine;
}

const char *resolv_format_servers(const struct resolv *resolv,
				  char buf[static RESOLV_SERVERS_BYTES])
{
	char server[ADDRESS_TEXT_BYTES];
	size_t used = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < resolv->n_servers; i++)
		used += (size_t)snprintf(buf + used, RESOLV_SERVERS_BYTES - used, "%s%s",
					 i ? "," : "", address_format(&resolv->server[i], server));
	return buf;
}
