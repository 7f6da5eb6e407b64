/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of options: one row for each, which file, flags and help are all read from. */
#ifndef MPBRIDGE_OPTIONS_H
#define MPBRIDGE_OPTIONS_H

#include "conf/conf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OPTIONS_MAX 64

/* What a value has to be, and what becomes of it. */
enum option_type {
	OPTION_HOSTS,	    /* one or more struct conf_host */
	OPTION_ADDRESSES,   /* the same, names refused: these are addresses of this router */
	OPTION_NETWORKS,    /* one or more struct network */
	OPTION_NAMESERVERS, /* one or more struct address with a port; commas part them, too */
	OPTION_INTERFACES,  /* one or more struct conf_interface */
	OPTION_PORTS,	    /* one or more struct conf_ports */
	OPTION_MARK,	    /* one bit of 32, into a uint32_t */
	OPTION_INTERCEPT,   /* an object, whose keys are option_intercept_keys; as the next one: */
	OPTION_PATHS,	    /* objects, whose keys are option_path_keys; the file alone has them */
	OPTION_NUMBER,	    /* min to max, into an unsigned integer of any size */
	OPTION_BOOL,
	OPTION_WORD,	   /* one of `words`; its place among them, into an enum */
	OPTION_TEXT,	   /* not empty, into a buffer */
	OPTION_USER,	   /* a user's name, into a buffer */
	OPTION_INTERFACE,  /* an interface's name, into a buffer */
	OPTION_ADDRESS,	   /* struct address */
	OPTION_CONGESTION, /* struct conf_congestion */
	OPTION_METHOD,	   /* struct method; what other programs have is refused by name */
	OPTION_MODE,	   /* TCP and UDP of shadowsocks-libev: kept nowhere */
	OPTION_SECRET,	   /* a password or a key: credential.c; no message ever shows it */
	OPTION_IGNORED,	   /* accepted; `about` says in the log why it means nothing */
	OPTION_REFUSED,	   /* unless it switches off; `about` says why, and what to do */
	OPTION_FILE,	   /* -c: a flag alone */
	OPTION_HELP,	   /* -h: a flag alone */
};

/* Where in struct conf (or in struct conf_path, or struct conf_intercept) a value goes. */
struct option_place {
	size_t offset, bytes;
};

struct conf_option {
	const char *key; /* in the file; the long flag is the same with dashes. NULL: no such */
	char flag;	 /* the short flag; 0: none */
	bool is_required;
	unsigned roles; /* bits: 1 << enum conf_role */
	enum option_type type;
	const char *argument; /* how help names the flag's value; NULL: the flag takes none */
	struct option_place at, count; /* count: how many a list has */
	int64_t min, max;
	const char *const *words; /* NULL at the end */
	const char *about;
};

/* The tables end with a row whose `about` is NULL. */
extern const struct conf_option option_table[];
extern const struct conf_option option_intercept_keys[];
extern const struct conf_option option_path_keys[];

/* Rows before the end. */
unsigned options_count(const struct conf_option *table);

/* Writes the keys of a table that has a key in each row, as "interface, address"; returns buf. */
const char *options_keys(const struct conf_option *table, char buf[static 160]);

/*
 * The row of a key of the file, or NULL. A key may have a row per role: the one of `role` is
 * preferred, so a row without that role says that the key is for the other one alone.
 */
const struct conf_option *options_find_key(const struct conf_option *table, enum conf_role role,
					   const char *key);

/* The key of the table that a mistyped `word` was probably meant to be; NULL: none is near. */
const char *options_guess(const struct conf_option *table, const char *word);

/* The words for these in a file. */
const char *options_path_role(enum conf_path_role role);

const char *options_path_dscp(enum conf_dscp dscp);

/* Whether the option is one for `role`. */
bool option_has_role(const struct conf_option *option, enum conf_role role);

/* Whether the option is made of objects, which only the file can have. */
bool option_is_object(const struct conf_option *option);

/* Whether the option holds several values of one kind. */
bool option_is_list(const struct conf_option *option);

/* How many elements a list can have. */
unsigned option_list_max(const struct conf_option *option);

/* Writes a key as a long flag is written ("server-port"); returns buf. */
const char *options_long_name(const char *key, char buf[static 32]);

/* Writes the long flag without its dashes ("server-port"), or "" if it has none; returns buf. */
const char *option_long_flag(const struct conf_option *option, char buf[static 32]);

/* Writes the shortest name of its flag ("-p", "--forward"); returns buf. */
const char *option_flag_name(const struct conf_option *option, char buf[static 40]);

/*
 * Writes which values it takes, for "...; allowed: "; of a list, with is_element, what one element
 * may be. Returns buf.
 */
const char *option_allowed(const struct conf_option *option, bool is_element, char buf[static 160]);

#endif
