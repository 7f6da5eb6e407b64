/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a role can be told, printed from the table of options. */
#include "conf/options.h"

#include <stdio.h>
#include <string.h>

static void print_flag(FILE *out, const struct conf_option *option)
{
	char name[32], left[64], letter[5] = "";

	option_long_flag(option, name);
	if (option_is_object(option))
		return;
	if (option->flag)
		snprintf(letter, sizeof(letter), "-%c%s", option->flag, name[0] ? ", " : "");
	snprintf(left, sizeof(left), "%4s%s%s%s%s", letter, name[0] ? "--" : "", name,
		 option->argument ? " " : "", option->argument ? option->argument : "");
	fprintf(out, "  %-32s %s\n", left, option->about);
}

static void print_methods(FILE *out)
{
	size_t column = 0;

	fprintf(out, "\nMethods, the same one at both ends:");
	for (const struct method *method = method_table; method->name; method++) {
		if (column + strlen(method->name) > 74)
			column = 0;
		fprintf(out, "%s%s", column ? " " : "\n  ", method->name);
		column += strlen(method->name) + 1;
	}
	fprintf(out, "\n");
}

/* A row that keeps nothing is only named: mpbridge.conf(5) has the reasons. */
static void print_names(FILE *out, enum conf_role role, enum option_type type, const char *title)
{
	size_t column = 0;
	char name[40];

	fprintf(out, "\n%s", title);
	for (const struct conf_option *option = option_table; option->about; option++) {
		if (option->type != type || !option_has_role(option, role))
			continue;
		option_flag_name(option, name);
		if (column + strlen(name) > 74)
			column = 0;
		fprintf(out, "%s%s", column ? " " : "\n  ", name);
		column += strlen(name) + 1;
	}
	fprintf(out, "\n");
}

void conf_print_help(FILE *out, enum conf_role role)
{
	fprintf(out, "usage: mpbridge %s -c FILE [flags]\n       mpbridge %s flags\n\n",
		role == CONF_CLIENT ? "client" : "server",
		role == CONF_CLIENT ? "client" : "server");
	for (const struct conf_option *option = option_table; option->about; option++)
		if (option_has_role(option, role) && option->type != OPTION_IGNORED &&
		    option->type != OPTION_REFUSED)
			print_flag(out, option);
	fprintf(out,
		"\nDefaults are in parentheses. In the file a key is the long flag with \"_\" for "
		"\"-\".\n");
	print_methods(out);
	print_names(out, role, OPTION_IGNORED, "Accepted without effect:");
	print_names(out, role, OPTION_REFUSED, "Refused:");
	fprintf(out, "\nSee mpbridge.conf(5).\n");
}
