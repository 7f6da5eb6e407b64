/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line: flags into a draft. */
#include "conf/flags.h"

#include "base/secret.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#define LONG_BASE 256 /* getopt's value of a row's long flag is its place in the table and this */

/* The word itself is not shown: it may be the second half of a password. */
#define STRAY "word %d after the command is not a flag, nor the value of one"

/*
 * Theory of operation. The flags are read by getopt_long(3), whose tables are written from ours,
 * for one role. What it returns, or leaves in optopt after a mistake, is a short flag or LONG_BASE
 * + row, and both lead back to the row. The "-" that its letters begin with makes it return a word
 * that is no flag as the value of flag 1, in its place, instead of moving it to the end of argv.
 */
struct scanner {
	enum conf_role role;
	char shorts[3 + 2 * OPTIONS_MAX]; /* "-:" and each letter, with ":" if it takes a value */
	char names[OPTIONS_MAX][32];
	struct option longs[OPTIONS_MAX + 1];
};

/* Whether it is the other role's row for a flag that this role has a row for. */
static bool is_shadowed(const struct conf_option *option, enum conf_role role)
{
	return !option_has_role(option, role) &&
	       options_find_key(option_table, role, option->key) != option;
}

static void scanner_init(struct scanner *scanner, enum conf_role role)
{
	char *letter = stpcpy(scanner->shorts, "-:");
	struct option *entry = scanner->longs;

	assert(options_count(option_table) <= OPTIONS_MAX);
	scanner->role = role;
	for (unsigned i = 0; option_table[i].about; i++) {
		const struct conf_option *option = &option_table[i];
		int has_value = option->argument ? required_argument : no_argument;
		const char *name = option_long_flag(option, scanner->names[i]);

		if (is_shadowed(option, role))
			continue;
		if (option->flag)
			letter += sprintf(letter, "%c%s", option->flag, has_value ? ":" : "");
		if (name[0])
			*entry++ = (struct option){name, has_value, NULL, LONG_BASE + (int)i};
	}
	*entry = (struct option){0};
	optind = 0; /* start over: the C library keeps where it was */
	opterr = 0;
}

/* The row that getopt means, or NULL. */
static const struct conf_option *row_of(const struct scanner *scanner, int code)
{
	if (code >= LONG_BASE)
		return &option_table[code - LONG_BASE];
	for (const struct conf_option *row = option_table; row->about; row++)
		if (code && row->flag == code && !is_shadowed(row, scanner->role))
			return row;
	return NULL;
}

static int scanner_next(struct scanner *scanner, int argc, char **argv)
{
	return getopt_long(argc, argv, scanner->shorts, scanner->longs, NULL);
}

void flags_peek(enum conf_role role, int argc, char **argv, const char **file, bool *is_help)
{
	struct scanner scanner;
	int code;

	*file = NULL;
	*is_help = false;
	scanner_init(&scanner, role);
	while ((code = scanner_next(&scanner, argc, argv)) != -1) {
		const struct conf_option *option = row_of(&scanner, code);

		if (option && option->type == OPTION_FILE)
			*file = optarg;
		else if (option && option->type == OPTION_HELP)
			*is_help = true;
	}
}

static const char *role_name(enum conf_role role)
{
	return role == CONF_CLIENT ? "client" : "server";
}

/* A long flag that getopt did not find. What follows its "=" may be a secret and is not shown. */
static void add_unknown_long(const struct draft *draft, const char *word)
{
	int length = (int)strcspn(word, "=");
	const char *guess;
	char key[32];

	snprintf(key, sizeof(key), "%.*s", length - 2, word + 2);
	for (char *c = key; *c; c++)
		if (*c == '-')
			*c = '_';
	guess = options_guess(option_table, key);
	if (strcmp(key, "paths") == 0)
		messages_add(draft->errors, "--paths: not a flag; allowed: in the file alone");
	else if (guess)
		messages_add(draft->errors, "%.*s: unknown flag; did you mean --%s?", length, word,
			     options_long_name(guess, key));
	else
		messages_add(draft->errors, "%.*s: unknown flag; allowed: those of mpbridge %s -h",
			     length, word, role_name(draft->conf.role));
}

/* getopt answered '?': the flag is unknown, or it was given a value and takes none. */
static void add_unknown(const struct draft *draft, const struct scanner *scanner, const char *word)
{
	const struct conf_option *option = row_of(scanner, optopt);
	char flag[40];

	if (option)
		messages_add(draft->errors, "--%s: takes no value", option_long_flag(option, flag));
	else if (optopt)
		messages_add(draft->errors, "-%c: unknown flag; allowed: those of mpbridge %s -h",
			     optopt, role_name(draft->conf.role));
	else
		add_unknown_long(draft, word);
}

/* It counts as given: that it is missing need not be said again. */
static void add_valueless(struct draft *draft, const struct conf_option *option)
{
	char flag[40];

	draft_claim(draft, option, DRAFT_FLAG);
	messages_add(draft->errors, "%s: needs a value", option_flag_name(option, flag));
}

/* A secret is overwritten in argv: ps(1) shows that. */
static void read_flag(struct draft *draft, const struct conf_option *option, char *text)
{
	struct setting setting = {.draft = draft, .option = option, .base = &draft->conf};
	enum conf_role role = draft->conf.role;
	char flag[40];

	if (option->type == OPTION_FILE || option->type == OPTION_HELP)
		return;
	setting.where = option_flag_name(option, flag);
	setting.is_element = true;
	if (!option_has_role(option, role)) {
		messages_add(draft->errors, "%s: for a %s only", setting.where,
			     role_name(role == CONF_CLIENT ? CONF_SERVER : CONF_CLIENT));
		return;
	}
	draft_claim(draft, option, DRAFT_FLAG);
	setting.value = text ? (struct value){.kind = VALUE_TEXT, .text = text}
			     : (struct value){.kind = VALUE_BOOL, .boolean = true};
	draft_set(&setting);
	if (option->type == OPTION_SECRET)
		secret_wipe_text(text); /* ps shows it */
}

void flags_read(struct draft *draft, int argc, char **argv)
{
	struct scanner scanner;
	int code;

	scanner_init(&scanner, draft->conf.role);
	while ((code = scanner_next(&scanner, argc, argv)) != -1) {
		if (code == 1)
			messages_add(draft->errors, STRAY, optind - 1);
		else if (code == '?')
			add_unknown(draft, &scanner, argv[optind - 1]);
		else if (code == ':')
			add_valueless(draft, row_of(&scanner, optopt));
		else
			read_flag(draft, row_of(&scanner, code), optarg);
	}
	for (int i = optind; i < argc; i++) /* after a "--" */
		messages_add(draft->errors, STRAY, i);
}
