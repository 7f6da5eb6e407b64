/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master key, from what a draft says of "password" and "key". */
#include "conf/credential.h"

#include "base/secret.h"
#include "crypto/crypto.h"
#include "shadowsocks/key.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation. What "password" and "key" mean depends on the method, which may come after
 * them, so the draft keeps both as texts until the end. "password" is what shadowsocks calls it: a
 * password for the methods of 2017, the key for those of 2022; "key" is always the key. Both may be
 * there, if they come to the same. A flag of the one wins over the other in the file.
 */

static const char *const names[] = {[DRAFT_PASSWORD] = "password", [DRAFT_KEY] = "key"};

static const struct conf_option *option_of(const struct draft *draft, enum draft_secret_kind kind)
{
	return options_find_key(option_table, draft->conf.role, names[kind]);
}

static enum draft_source source_of(const struct draft *draft, enum draft_secret_kind kind)
{
	return draft_source_of(draft, option_of(draft, kind));
}

static const char *where_of(const struct draft *draft, enum draft_secret_kind kind,
			    char buf[static DRAFT_WHERE_BYTES])
{
	return draft_where(draft, option_of(draft, kind), -1, buf);
}

enum draft_secret_kind credential_kind(const struct conf_option *option)
{
	return strcmp(option->key, names[DRAFT_KEY]) == 0 ? DRAFT_KEY : DRAFT_PASSWORD;
}

/* Given, and not in a file of which a flag of the other kind takes the place. */
static bool counts(const struct draft *draft, enum draft_secret_kind kind)
{
	enum draft_secret_kind other = kind == DRAFT_KEY ? DRAFT_PASSWORD : DRAFT_KEY;
	enum draft_source source = source_of(draft, kind);

	return source == DRAFT_FLAG ||
	       (source == DRAFT_FILE && source_of(draft, other) != DRAFT_FLAG);
}

static bool has_text(const struct draft *draft, enum draft_secret_kind kind)
{
	return counts(draft, kind) && draft->secret[kind].text[0] != '\0';
}

static void add_mistake(struct draft *draft, enum draft_secret_kind kind, const char *found)
{
	const struct method *method = draft->conf.method;
	bool is_password = method->format == METHOD_2017 && kind == DRAFT_PASSWORD;
	char where[DRAFT_WHERE_BYTES];

	where_of(draft, kind, where);
	if (is_password)
		messages_add(draft->errors,
			     "%s: %s; %s wants a password: \"mpbridge keygen %s\" makes one", where,
			     found, method->name, method->name);
	else
		messages_add(draft->errors,
			     "%s: %s; %s wants a key, %zu bytes in base64: \"mpbridge keygen %s\" "
			     "makes one",
			     where, found, method->name, method_key_bytes(method), method->name);
}

/* Of a file that could not be read nobody knows what it lacks. */
static void add_missing(struct draft *draft)
{
	enum draft_secret_kind kind = counts(draft, DRAFT_KEY) && !counts(draft, DRAFT_PASSWORD)
					      ? DRAFT_KEY
					      : DRAFT_PASSWORD;

	if (!counts(draft, kind) && !draft->is_unread)
		add_mistake(draft, kind, "missing");
	else if (counts(draft, kind) && draft->secret[kind].is_read)
		add_mistake(draft, kind, "empty");
}

/* False: it is none, and that has been added. */
static bool read_key(struct draft *draft, enum draft_secret_kind kind,
		     uint8_t out[static AEAD_KEY_MAX])
{
	const char *text = draft->secret[kind].text;
	const char *found = kind == DRAFT_KEY ? key_read_base64(draft->conf.method, text, out)
					      : key_read(draft->conf.method, text, out);
	char words[160];

	if (found) {
		snprintf(words, sizeof(words), "found %s", found);
		add_mistake(draft, kind, words);
	}
	return !found;
}

/* The one place where the memory of a key comes from; credential_free() is where it goes. */
static uint8_t *key_new(const uint8_t bytes[static AEAD_KEY_MAX])
{
	uint8_t *key = secret_alloc(AEAD_KEY_MAX);

	return key ? memcpy(key, bytes, AEAD_KEY_MAX) : NULL;
}

void credential_free(uint8_t *key)
{
	secret_free(key, AEAD_KEY_MAX);
}

static void take_key(struct draft *draft, const uint8_t bytes[static AEAD_KEY_MAX])
{
	draft->conf.key = key_new(bytes);
	if (!draft->conf.key)
		messages_add(draft->errors, "no memory for the key");
}

/* At least one of the two is there. */
static void read_keys(struct draft *draft)
{
	uint8_t key[DRAFT_SECRETS][AEAD_KEY_MAX] = {{0}};
	bool is_given[DRAFT_SECRETS], is_good = true;
	char where[DRAFT_WHERE_BYTES];

	for (unsigned kind = 0; kind < DRAFT_SECRETS; kind++) {
		is_given[kind] = has_text(draft, kind);
		if (is_given[kind] && !read_key(draft, kind, key[kind]))
			is_good = false;
	}
	if (is_good && is_given[DRAFT_KEY] && is_given[DRAFT_PASSWORD] &&
	    !crypto_equal(key[DRAFT_KEY], key[DRAFT_PASSWORD], AEAD_KEY_MAX))
		messages_add(draft->errors,
			     "%s: not the same key as password gives; allowed: one of the two",
			     where_of(draft, DRAFT_KEY, where));
	else if (is_good)
		take_key(draft, key[is_given[DRAFT_KEY] ? DRAFT_KEY : DRAFT_PASSWORD]);
	crypto_wipe(key, sizeof(key));
}

static void note_ignored(struct draft *draft)
{
	char where[DRAFT_WHERE_BYTES];

	for (unsigned kind = 0; kind < DRAFT_SECRETS; kind++)
		if (has_text(draft, kind))
			messages_add(draft->notes,
				     "%s: ignored: method none protects nothing with it",
				     where_of(draft, kind, where));
}

static void note_open_file(struct draft *draft)
{
	if (draft->is_open && draft->is_telling)
		messages_add(draft->notes,
			     "%s: holds a password or a key, and others may read it: chmod 600 %s",
			     draft->file, draft->file);
}

void credential_check(struct draft *draft)
{
	const struct method *method = draft->conf.method;
	int error;

	note_open_file(draft);
	if (!method)
		return;
	if (method_key_bytes(method) == 0)
		note_ignored(draft);
	else if (!has_text(draft, DRAFT_PASSWORD) && !has_text(draft, DRAFT_KEY))
		add_missing(draft);
	else if ((error = crypto_init()) < 0)
		messages_add(draft->errors, "method %s cannot be used here: libcrypto: %s",
			     method->name, strerror(-error));
	else
		read_keys(draft);
}
