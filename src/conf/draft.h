/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration that is being read: takes values for options, and remembers every mistake. */
#ifndef MPBRIDGE_DRAFT_H
#define MPBRIDGE_DRAFT_H

#include "conf/conf.h"
#include "conf/messages.h"
#include "conf/options.h"

#include <stdbool.h>
#include <stdint.h>

#define DRAFT_WHERE_BYTES  384
#define DRAFT_SECRET_BYTES 512

/* Who gave an option its value. A later one replaces an earlier one. */
enum draft_source { DRAFT_NOBODY, DRAFT_FILE, DRAFT_FLAG };

/* The two ways to give a key; each has a row in option_table. */
enum draft_secret_kind { DRAFT_PASSWORD, DRAFT_KEY, DRAFT_SECRETS };

struct draft_secret {
	bool is_read; /* false: not given, or that was a mistake and has been told */
	char text[DRAFT_SECRET_BYTES];
};

struct draft {
	struct conf conf;
	char file[256];	  /* the name of the file, for messages; "": there is none */
	bool is_unread;	  /* there is a file, and it could not be read as one object */
	bool is_open;	  /* others than its owner may read the file */
	bool is_telling;  /* the file has a password or a key that is not empty */
	bool has_routers; /* the file has `server` as a list of lists */
	struct draft_secret secret[DRAFT_SECRETS];
	enum draft_source source[OPTIONS_MAX]; /* by row of option_table; set by wrong values too */
	struct messages *errors, *notes;
};

enum value_kind {
	VALUE_NULL,
	VALUE_BOOL,
	VALUE_NUMBER,
	VALUE_ODD_NUMBER, /* with a fraction, or out of int64_t's range; `text` as it was written */
	VALUE_TEXT,
	VALUE_LIST,   /* of `number` elements; what is in it is of no interest any more */
	VALUE_OBJECT, /* of `number` keys */
};

struct value {
	enum value_kind kind;
	bool boolean;
	int64_t number;
	const char *text;
};

/* One value on its way to its place. */
struct setting {
	struct draft *draft;
	const struct conf_option *option;
	void *base;	   /* where the option's places count from: &draft->conf, or a path of it */
	bool is_element;   /* of a list */
	const char *where; /* how a message names the value: "FILE: server[1]", "-s" */
	struct value value;
};

/* Defaults, and nobody's values. */
void draft_init(struct draft *draft, enum conf_role role, struct messages *errors,
		struct messages *notes);

/* The configuration that has been read; from then on the key in it is the caller's. */
struct conf draft_take(struct draft *draft);

/* Wipes it. */
void draft_exit(struct draft *draft);

/* From now on messages speak of this file. Of a long name they have the end. */
void draft_name_file(struct draft *draft, const char *file);

/*
 * Notes that `source` now gives values to an option of option_table. If it did not before, what a
 * list holds from another source is dropped.
 */
void draft_claim(struct draft *draft, const struct conf_option *option, enum draft_source source);

enum draft_source draft_source_of(const struct draft *draft, const struct conf_option *option);

/*
 * Checks one value and stores it; for a list, one element, which is added. A mistake is added to
 * the errors. A list keeps a place for a wrong element, empty, so that places agree with the file.
 */
void draft_set(const struct setting *setting);

/* Adds "WHERE: found VALUE; allowed: ..." to the errors. */
void draft_reject(const struct setting *setting);

/*
 * Writes how a message names an option, as its source has it, or as it could be given; index is the
 * element of a list, or -1. Returns buf.
 */
const char *draft_where(const struct draft *draft, const struct conf_option *option, int index,
			char buf[static DRAFT_WHERE_BYTES]);

#endif
