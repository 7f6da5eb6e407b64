/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file: JSON into a draft. */
#include "conf/json.h"

#include "base/secret.h"
#include "conf/syntax.h"
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_BYTES_MAX (1024UL * 1024)
#define DEPTH_MAX      16
#define NAME_SHOWN     40 /* bytes of an unknown key */

/*
 * Theory of operation. json-c turns the text into a tree or names the byte that it stopped at,
 * which becomes a line. Then the tree is walked, not the table: each key looks for its row, each
 * value goes to draft_set() with the path that leads to it ("FILE: paths[1].interface").
 */

static unsigned line_of(const char *text, size_t end)
{
	unsigned line = 1;

	for (size_t i = 0; i < end; i++)
		line += text[i] == '\n';
	return line;
}

static void add_syntax_error(struct draft *draft, const char *text, size_t end, const char *problem)
{
	messages_add(draft->errors, "%s: line %u: %s", draft->file, line_of(text, end), problem);
}

static const char *problem_text(enum json_tokener_error error)
{
	/* json-c has more of them, and a sentence for each: this is no enum of ours */
	if (error == json_tokener_continue || error == json_tokener_error_parse_eof)
		return "the file ends in the middle: a quote, bracket or brace is not closed";
	if (error == json_tokener_error_depth)
		return "nested too deeply";
	return json_tokener_error_desc(error);
}

/*
 * json-c ends a key at a NUL and takes what comes before it, so NULs are refused before it is
 * asked. Returns where one is, or `length`.
 */
static size_t find_nul(const char *text, size_t length)
{
	size_t i = 0;

	while (i < length && text[i] != '\0') {
		if (strncmp(text + i, "\\u0000", 6) == 0)
			return i;
		i += text[i] == '\\' && i + 1 < length && text[i + 1] ? 2 : 1;
	}
	return i;
}

/* The tree of a text, to be put by the caller; NULL: the mistake has been added. */
static struct json_object *parse(struct draft *draft, const char *text, size_t length)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	enum json_tokener_error error;
	struct json_object *root;
	size_t end;

	if (!tokener) {
		messages_add(draft->errors, "%s: no memory to read it", draft->file);
		return NULL;
	}
	root = json_tokener_parse_ex(tokener, text, (int)length + 1);
	error = json_tokener_get_error(tokener);
	end = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	if (error != json_tokener_success) {
		add_syntax_error(draft, text, end < length ? end : length, problem_text(error));
		return NULL;
	}
	if (end < length) {
		add_syntax_error(draft, text, end,
				 "something follows the end of the configuration");
		json_object_put(root);
		return NULL;
	}
	if (!json_object_is_type(root, json_type_object)) {
		messages_add(draft->errors,
			     "%s: not a configuration: it must be one object, { ... }",
			     draft->file);
		json_object_put(root);
		return NULL;
	}
	return root;
}

/* json-c stops at the ends of its range, where it no longer knows what was written. */
static struct value number_of(struct json_object *json)
{
	struct value value = {.kind = VALUE_NUMBER, .number = json_object_get_int64(json)};
	bool is_double = json_object_is_type(json, json_type_double);
	bool is_low = !is_double && value.number == INT64_MIN;
	bool is_high = !is_double && value.number == INT64_MAX;

	if (is_double || is_low || is_high)
		value.kind = VALUE_ODD_NUMBER;
	if (is_double)
		value.text = json_object_get_string(json);
	else
		value.text = is_low ? "a number far too low" : "a number far too high";
	return value;
}

static struct value value_of(struct json_object *json)
{
	switch (json_object_get_type(json)) {
	case json_type_boolean:
		return (struct value){.kind = VALUE_BOOL, .boolean = json_object_get_boolean(json)};
	case json_type_int:
	case json_type_double:
		return number_of(json);
	case json_type_string:
		return (struct value){.kind = VALUE_TEXT, .text = json_object_get_string(json)};
	case json_type_array:
		return (struct value){.kind = VALUE_LIST,
				      .number = (int64_t)json_object_array_length(json)};
	case json_type_object:
		return (struct value){.kind = VALUE_OBJECT,
				      .number = json_object_object_length(json)};
	case json_type_null:
		break;
	}
	return (struct value){.kind = VALUE_NULL};
}

/* Names an unknown key, cut if it is long, and the key that may have been meant. */
static void add_unknown_key(const struct draft *draft, const struct conf_option *table,
			    const char *parent, const char *key)
{
	const char *guess = options_guess(table, key);
	char keys[160];

	if (guess)
		messages_add(draft->errors, "%s%.*s: unknown key; did you mean \"%s\"?", parent,
			     NAME_SHOWN, key, guess);
	else
		messages_add(draft->errors, "%s%.*s: unknown key; allowed: %s", parent, NAME_SHOWN,
			     key,
			     table == option_table ? "those of mpbridge.conf(5)"
						   : options_keys(table, keys));
}

/* The row of a key, or NULL: it does not belong here, and that has been added. */
static const struct conf_option *find_key(const struct draft *draft,
					  const struct conf_option *table, const char *parent,
					  const char *key)
{
	enum conf_role role = draft->conf.role;
	const struct conf_option *option = options_find_key(table, role, key);

	if (!option) {
		add_unknown_key(draft, table, parent, key);
	} else if (!option_has_role(option, role)) {
		messages_add(draft->errors,
			     "%s%s: for a %s only, and this is the configuration of a %s", parent,
			     key, role == CONF_CLIENT ? "server" : "client",
			     role == CONF_CLIENT ? "client" : "server");
		option = NULL;
	}
	return option;
}

/* Adds a mistake for each required key that an object lacks. */
static void require_keys(const struct draft *draft, const struct conf_option *table,
			 struct json_object *json, const char *parent)
{
	char allowed[160];

	for (const struct conf_option *option = table; option->about; option++)
		if (option->is_required && !json_object_object_get_ex(json, option->key, NULL))
			messages_add(draft->errors, "%s%s: missing; allowed: %s", parent,
				     option->key, option_allowed(option, false, allowed));
}

static void read_value(struct setting *setting, struct json_object *json);

/* An object with a small table of its own, into the struct at `base`. */
static void read_object(struct draft *draft, const struct conf_option *table, void *base,
			struct json_object *json, const char *where)
{
	char parent[DRAFT_WHERE_BYTES], child[DRAFT_WHERE_BYTES];

	snprintf(parent, sizeof(parent), "%s.", where);
	json_object_object_foreach(json, key, member)
	{
		struct setting setting = {.draft = draft, .base = base, .where = child};

		snprintf(child, sizeof(child), "%s%s", parent, key);
		setting.option = find_key(draft, table, parent, key);
		if (setting.option)
			read_value(&setting, member);
	}
	require_keys(draft, table, json, parent);
}

static void read_path(struct draft *draft, struct json_object *json, const char *where)
{
	struct conf_path *path = &draft->conf.path[draft->conf.n_paths++];

	read_object(draft, option_path_keys, path, json, where);
}

static void read_intercept(const struct setting *setting, struct json_object *json)
{
	struct conf_intercept *intercept = &setting->draft->conf.intercept;

	if (setting->value.kind != VALUE_OBJECT) {
		draft_reject(setting);
		return;
	}
	intercept->is_given = true;
	read_object(setting->draft, option_intercept_keys, intercept, json, setting->where);
}

static void read_element(const struct setting *setting, struct json_object *json)
{
	if (setting->option->type != OPTION_PATHS)
		draft_set(setting);
	else if (setting->value.kind != VALUE_OBJECT)
		draft_reject(setting);
	else
		read_path(setting->draft, json, setting->where);
}

static void read_list(const struct setting *list, struct json_object *json)
{
	size_t count = json_object_array_length(json), max = option_list_max(list->option);
	char where[DRAFT_WHERE_BYTES];
	struct setting setting = *list;

	if (count > max)
		messages_add(list->draft->errors, "%s: found a list of %zu; allowed: at most %zu",
			     list->where, count, max);
	setting.where = where;
	setting.is_element = true;
	for (size_t i = 0; i < count && i < max; i++) {
		struct json_object *element = json_object_array_get_idx(json, i);

		snprintf(where, sizeof(where), "%s[%zu]", list->where, i);
		setting.value = value_of(element);
		read_element(&setting, element);
	}
}

static bool has_list(struct json_object *json)
{
	for (size_t i = 0; i < json_object_array_length(json); i++)
		if (json_object_is_type(json_object_array_get_idx(json, i), json_type_array))
			return true;
	return false;
}

/* A list of lists: several far routers, each with its addresses. */
static void read_routers(const struct setting *list, struct json_object *json)
{
	struct draft *draft = list->draft;
	char where[DRAFT_WHERE_BYTES];
	struct setting router = *list;

	draft->has_routers = true;
	router.where = where;
	for (size_t i = 0; i < json_object_array_length(json); i++) {
		struct json_object *element = json_object_array_get_idx(json, i);
		unsigned n = draft->conf.n_servers;

		snprintf(where, sizeof(where), "%s[%zu]", list->where, i);
		router.value = value_of(element);
		if (router.value.kind != VALUE_LIST)
			messages_add(draft->errors,
				     "%s: not a list, as others here are; allowed: the addresses "
				     "of one far router, or a list of addresses for each",
				     where);
		else if (router.value.number == 0)
			messages_add(draft->errors,
				     "%s: found an empty list; allowed: the addresses of a far "
				     "router",
				     where);
		else
			read_list(&router, element);
		while (n < draft->conf.n_servers)
			draft->conf.server[n++].router = (uint8_t)i;
	}
}

/* A list of one needs no brackets. */
static void read_lone_element(struct setting *setting)
{
	setting->is_element = true;
	draft_set(setting);
}

/* The text lies in the object, which lends it as const; nobody reads this one again. */
static void wipe_text(struct json_object *json)
{
	const char *lent = json_object_get_string(json);
	char *text;

	memcpy(&text, &lent, sizeof(text));
	if (json_object_is_type(json, json_type_string))
		secret_wipe_text(text);
}

/* Ports are numbers, and may be without quotes. */
static bool can_be_alone(const struct setting *setting)
{
	return (setting->value.kind == VALUE_TEXT && setting->option->type != OPTION_PATHS) ||
	       (setting->value.kind == VALUE_NUMBER && setting->option->type == OPTION_PORTS);
}

/* Whatever the option is, but for its value all is set. */
static void read_value(struct setting *setting, struct json_object *json)
{
	const struct conf_option *option = setting->option;

	setting->value = value_of(json);
	if (option->type == OPTION_INTERCEPT)
		read_intercept(setting, json);
	else if (!option_is_list(option))
		draft_set(setting);
	else if (option->type == OPTION_HOSTS && setting->draft->conf.role == CONF_CLIENT &&
		 setting->value.kind == VALUE_LIST && has_list(json))
		read_routers(setting, json);
	else if (setting->value.kind == VALUE_LIST && setting->value.number > 0)
		read_list(setting, json);
	else if (can_be_alone(setting))
		read_lone_element(setting);
	else
		draft_reject(setting);
}

static void read_key(struct draft *draft, const struct conf_option *option,
		     struct json_object *json)
{
	struct setting setting = {.draft = draft, .option = option, .base = &draft->conf};
	char where[DRAFT_WHERE_BYTES];

	draft_claim(draft, option, DRAFT_FILE);
	setting.where = draft_where(draft, option, -1, where);
	read_value(&setting, json);
	if (option->type == OPTION_SECRET)
		wipe_text(json);
}

static void read_root(struct draft *draft, struct json_object *root)
{
	char parent[DRAFT_WHERE_BYTES];

	draft->is_unread = false;
	snprintf(parent, sizeof(parent), "%s: ", draft->file);
	json_object_object_foreach(root, key, value)
	{
		const struct conf_option *option = find_key(draft, option_table, parent, key);

		if (option)
			read_key(draft, option, value);
	}
}

void json_read_text(struct draft *draft, const char *name, const char *text, size_t length)
{
	struct json_object *root;
	size_t nul, utf8;

	draft_name_file(draft, name);
	draft->is_unread = true;
	if (strncmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		length -= 3;
	}
	nul = find_nul(text, length);
	utf8 = syntax_utf8_length(text, length);
	if (length > FILE_BYTES_MAX)
		messages_add(draft->errors, "%s: longer than 1 MiB: not a configuration",
			     draft->file);
	else if (strspn(text, " \t\r\n") == length)
		messages_add(draft->errors, "%s: empty: it must be one object, { ... }",
			     draft->file);
	else if (nul < length)
		add_syntax_error(draft, text, nul, "a NUL character");
	else if (utf8 < length)
		add_syntax_error(draft, text, utf8, "not UTF-8");
	else if ((root = parse(draft, text, length))) {
		read_root(draft, root);
		json_object_put(root);
	}
}

/*
 * Reads what is there, up to `max` bytes. Returns how many, or -errno. *is_open: it is a file that
 * others than its owner may read or write.
 */
static ssize_t read_all(const char *file, char *text, size_t max, bool *is_open)
{
	struct stat about;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t length = 0;
	ssize_t got = 0;

	if (fd < 0)
		return -errno;
	*is_open = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && (about.st_mode & 077);
	while (length < max && (got = read(fd, text + length, max - length)) > 0)
		length += (size_t)got;
	got = got < 0 ? -errno : (ssize_t)length;
	close(fd);
	return got;
}

void json_read_file(struct draft *draft, const char *file)
{
	char *text = malloc(FILE_BYTES_MAX + 2);
	ssize_t length = text ? read_all(file, text, FILE_BYTES_MAX + 1, &draft->is_open) : -ENOMEM;

	draft_name_file(draft, file);
	draft->is_unread = true;
	if (length < 0) {
		messages_add(draft->errors, "%s: cannot be read: %s", draft->file,
			     strerror((int)-length));
	} else {
		text[length] = '\0';
		json_read_text(draft, file, text, (size_t)length);
		crypto_wipe(text, (size_t)length); /* it may have held a password */
	}
	free(text);
}
