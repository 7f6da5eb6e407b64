/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A configuration that is being read. */
#include "conf/draft.h"

#include "conf/credential.h"
#include "conf/syntax.h"
#include "crypto/crypto.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define VALUE_BYTES 80

/*
 * Theory of operation. The file is read into the draft first, the flags after it, each value
 * through draft_set() by way of its row in the table. Nothing stops the reading: a wrong value
 * leaves a message and the default in its place, and the draft is thrown away at the end. `source`
 * lets flags replace a list instead of adding to it, and lets the checks of the whole name the
 * place of a mistake.
 */

void draft_init(struct draft *draft, enum conf_role role, struct messages *errors,
		struct messages *notes)
{
	*draft = (struct draft){
		.conf = {.role = role,
			 .local_port = 1080,
			 .timeout_s = 300,
			 .intercept.mark = CONF_MARK_DEFAULT,
			 .transparent_mark = CONF_TRANSPARENT_MARK_DEFAULT},
		.errors = errors,
		.notes = notes,
	};
}

struct conf draft_take(struct draft *draft)
{
	struct conf conf = draft->conf;

	draft->conf.key = NULL;
	return conf;
}

void draft_exit(struct draft *draft)
{
	credential_free(draft->conf.key);
	crypto_wipe(draft, sizeof(*draft));
}

void draft_name_file(struct draft *draft, const char *file)
{
	size_t length = strlen(file), max = sizeof(draft->file) - 1;

	snprintf(draft->file, sizeof(draft->file), "%s", file + (length > max ? length - max : 0));
}

static enum draft_source *source_of(struct draft *draft, const struct conf_option *option)
{
	assert(option - option_table >= 0 && option - option_table < OPTIONS_MAX);
	return &draft->source[option - option_table];
}

enum draft_source draft_source_of(const struct draft *draft, const struct conf_option *option)
{
	return draft->source[option - option_table];
}

void draft_claim(struct draft *draft, const struct conf_option *option, enum draft_source source)
{
	if (option_is_list(option) && *source_of(draft, option) != source)
		memset((char *)&draft->conf + option->count.offset, 0, option->count.bytes);
	*source_of(draft, option) = source;
}

const char *draft_where(const struct draft *draft, const struct conf_option *option, int index,
			char buf[static DRAFT_WHERE_BYTES])
{
	enum draft_source source = draft_source_of(draft, option);
	char flag[40];

	if (source == DRAFT_FLAG || (source == DRAFT_NOBODY && !draft->file[0]))
		snprintf(buf, DRAFT_WHERE_BYTES, "%s", option_flag_name(option, flag));
	else if (index < 0)
		snprintf(buf, DRAFT_WHERE_BYTES, "%s: %s", draft->file, option->key);
	else
		snprintf(buf, DRAFT_WHERE_BYTES, "%s: %s[%d]", draft->file, option->key, index);
	return buf;
}

/* How a message shows a value: never all of a long one, and nothing of a list or an object. */
static const char *describe(const struct value *value, char buf[static VALUE_BYTES])
{
	switch (value->kind) {
	case VALUE_NULL:
		return "null";
	case VALUE_BOOL:
		return value->boolean ? "true" : "false";
	case VALUE_LIST:
		return value->number ? "a list" : "an empty list";
	case VALUE_OBJECT:
		return "an object";
	case VALUE_NUMBER:
		snprintf(buf, VALUE_BYTES, "%lld", (long long)value->number);
		break;
	case VALUE_ODD_NUMBER:
		snprintf(buf, VALUE_BYTES, "%.40s", value->text);
		break;
	case VALUE_TEXT:
		snprintf(buf, VALUE_BYTES, strlen(value->text) > 40 ? "\"%.40s...\"" : "\"%s\"",
			 value->text);
		break;
	}
	return buf;
}

void draft_reject(const struct setting *setting)
{
	char found[VALUE_BYTES], allowed[160];

	messages_add(setting->draft->errors, "%s: found %s; allowed: %s", setting->where,
		     describe(&setting->value, found),
		     option_allowed(setting->option, setting->is_element, allowed));
}

/* As draft_reject(), with the reason. */
static void reject_because(const struct setting *setting, const char *reason)
{
	char found[VALUE_BYTES], allowed[160];

	messages_add(setting->draft->errors, "%s: found %s: %s; allowed: %s", setting->where,
		     describe(&setting->value, found), reason,
		     option_allowed(setting->option, setting->is_element, allowed));
}

static void *place(const struct setting *setting, size_t bytes)
{
	assert(setting->option->at.bytes == bytes);
	return (char *)setting->base + setting->option->at.offset;
}

/* The next element of a list, emptied; NULL: the list is full, and that has been added. */
static void *append(const struct setting *setting, size_t element_bytes)
{
	const struct conf_option *option = setting->option;
	unsigned *count = (void *)((char *)setting->base + option->count.offset);
	unsigned max = option_list_max(option);
	char *element = (char *)setting->base + option->at.offset + *count * element_bytes;

	assert(option->count.bytes == sizeof(*count) && max * element_bytes == option->at.bytes);
	if (*count == max) {
		messages_add(setting->draft->errors, "%s: too many; allowed: at most %u",
			     setting->where, max);
		return NULL;
	}
	++*count;
	return memset(element, 0, element_bytes);
}

static void set_host(const struct setting *setting)
{
	struct conf_host *host = append(setting, sizeof(*host));
	const char *problem;

	if (!host)
		return;
	if (setting->value.kind != VALUE_TEXT) {
		draft_reject(setting);
		return;
	}
	problem = syntax_read_host(setting->value.text, host);
	if (!problem && setting->option->type == OPTION_ADDRESSES && host->address.family == 0)
		problem = "a host name, where only an IP address can stand";
	if (problem)
		reject_because(setting, problem);
}

static void set_network(const struct setting *setting)
{
	struct network *network = append(setting, sizeof(*network));

	if (!network)
		return;
	if (setting->value.kind != VALUE_TEXT || !network_parse(setting->value.text, network))
		draft_reject(setting);
}

/* "192.0.2.53,[fd00::53]:5353": shadowsocks-libev takes several in one text. */
static void set_nameservers(const struct setting *setting)
{
	const char *text = setting->value.text;
	char one[ADDRESS_TEXT_BYTES];

	if (setting->value.kind != VALUE_TEXT) {
		draft_reject(setting);
		return;
	}
	for (;;) {
		struct address *server = append(setting, sizeof(*server));
		int length = (int)strcspn(text, ",");

		if (!server)
			return;
		snprintf(one, sizeof(one), "%.*s", length, text);
		if (length >= ADDRESS_TEXT_BYTES || !syntax_read_nameserver(one, server)) {
			draft_reject(setting);
			return;
		}
		if (!text[length])
			return;
		text += length + 1;
	}
}

static void set_address(const struct setting *setting)
{
	const char *problem;

	if (setting->value.kind != VALUE_TEXT) {
		draft_reject(setting);
		return;
	}
	problem = syntax_read_address(setting->value.text, place(setting, sizeof(struct address)));
	if (problem)
		reject_because(setting, problem);
}

/* Into an unsigned integer of 2 or 4 bytes, whichever the place is. */
static void store_number(const struct setting *setting, int64_t number)
{
	if (setting->option->at.bytes == sizeof(uint16_t))
		*(uint16_t *)place(setting, sizeof(uint16_t)) = (uint16_t)number;
	else
		*(uint32_t *)place(setting, sizeof(uint32_t)) = (uint32_t)number;
}

static void set_number(const struct setting *setting)
{
	const struct value *value = &setting->value;
	int64_t number = value->number;
	bool is_number = value->kind == VALUE_NUMBER ||
			 (value->kind == VALUE_TEXT && syntax_read_number(value->text, &number));

	if (is_number && number >= setting->option->min && number <= setting->option->max)
		store_number(setting, number);
	else
		draft_reject(setting);
}

static void set_bool(const struct setting *setting)
{
	if (setting->value.kind == VALUE_BOOL)
		*(bool *)place(setting, sizeof(bool)) = setting->value.boolean;
	else
		draft_reject(setting);
}

/* The place of a text among words, or -1. */
static int find_word(const char *const *words, const struct value *value)
{
	if (value->kind != VALUE_TEXT)
		return -1;
	for (int i = 0; words[i]; i++)
		if (strcmp(words[i], value->text) == 0)
			return i;
	return -1;
}

static void set_word(const struct setting *setting)
{
	int word = find_word(setting->option->words, &setting->value);

	if (word >= 0)
		store_number(setting, word);
	else
		draft_reject(setting);
}

/* Stores a text that `is_good` agrees to, and that fits. */
static void set_text(const struct setting *setting, bool (*is_good)(const char *text))
{
	size_t bytes = setting->option->at.bytes;
	const char *text = setting->value.text;

	if (setting->value.kind == VALUE_TEXT && is_good(text) && strlen(text) < bytes)
		snprintf(place(setting, bytes), bytes, "%s", text);
	else
		draft_reject(setting);
}

static bool is_not_empty(const char *text)
{
	return text[0] != '\0';
}

static void set_plain_text(const struct setting *setting)
{
	set_text(setting, is_not_empty);
}

static void set_user(const struct setting *setting)
{
	set_text(setting, syntax_is_user);
}

static void set_interface(const struct setting *setting)
{
	set_text(setting, syntax_is_interface);
}

static void set_interfaces(const struct setting *setting)
{
	struct conf_interface *interface = append(setting, sizeof(*interface));

	if (!interface)
		return;
	/* these mean something in the firewall's language */
	if (setting->value.kind == VALUE_TEXT && syntax_is_interface(setting->value.text) &&
	    !strpbrk(setting->value.text, "\"*\\"))
		snprintf(interface->name, sizeof(interface->name), "%s", setting->value.text);
	else
		draft_reject(setting);
}

static void set_ports(const struct setting *setting)
{
	struct conf_ports *ports = append(setting, sizeof(*ports));
	const struct value *value = &setting->value;
	char digits[24];
	const char *text = value->text;

	if (!ports)
		return;
	if (value->kind == VALUE_NUMBER) {
		snprintf(digits, sizeof(digits), "%lld", (long long)value->number);
		text = digits;
	}
	if ((value->kind != VALUE_NUMBER && value->kind != VALUE_TEXT) ||
	    !syntax_read_ports(text, ports))
		draft_reject(setting);
}

static void set_mark(const struct setting *setting)
{
	const struct value *value = &setting->value;
	int64_t number = value->number;
	bool is_number = value->kind == VALUE_NUMBER ||
			 (value->kind == VALUE_TEXT && syntax_read_hex(value->text, &number));

	if (is_number && number > 0 && number <= UINT32_MAX && (number & (number - 1)) == 0)
		store_number(setting, number);
	else
		draft_reject(setting);
}

static void set_congestion(const struct setting *setting)
{
	struct conf_congestion *congestion = place(setting, sizeof(*congestion));
	const char *text = setting->value.text;

	if (setting->value.kind != VALUE_TEXT || (text[0] && !syntax_is_congestion(text))) {
		draft_reject(setting);
		return;
	}
	congestion->is_given = true;
	snprintf(congestion->name, sizeof(congestion->name), "%s", text);
}

/* Accepted, and kept nowhere: one line tells why. */
static void ignore(const struct setting *setting)
{
	messages_add(setting->draft->notes, "%s: ignored: %s", setting->where,
		     setting->option->about);
}

static void set_method(const struct setting *setting)
{
	const struct method **method = place(setting, sizeof(void *));

	*method = NULL;
	if (setting->value.kind != VALUE_TEXT)
		draft_reject(setting);
	else if (!(*method = method_find(setting->value.text)))
		reject_because(setting, method_refusal(setting->value.text));
}

static void set_mode(const struct setting *setting)
{
	static const char *const udp_only[] = {"udp_only", NULL};
	int word = find_word(setting->option->words, &setting->value);

	if (word > 0)
		messages_add(setting->draft->notes, "%s: %s", setting->where,
			     setting->option->about);
	else if (find_word(udp_only, &setting->value) == 0)
		reject_because(setting, "UDP is not carried, so nothing would be left to do");
	else if (word < 0)
		draft_reject(setting);
}

/* A password of digits is often written without quotes. The value is never shown. */
static void set_secret(const struct setting *setting)
{
	struct draft *draft = setting->draft;
	struct draft_secret *secret = &draft->secret[credential_kind(setting->option)];
	char allowed[160];
	int length = 0;

	crypto_wipe(secret, sizeof(*secret));
	if (setting->value.kind == VALUE_TEXT)
		length = snprintf(secret->text, sizeof(secret->text), "%s", setting->value.text);
	else if (setting->value.kind == VALUE_NUMBER)
		length = snprintf(secret->text, sizeof(secret->text), "%lld",
				  (long long)setting->value.number);
	else
		messages_add(draft->errors, "%s: not a text; allowed: %s", setting->where,
			     option_allowed(setting->option, setting->is_element, allowed));
	if (length >= DRAFT_SECRET_BYTES)
		messages_add(draft->errors, "%s: too long; allowed: at most %d characters",
			     setting->where, DRAFT_SECRET_BYTES - 1);
	else
		secret->is_read =
			setting->value.kind == VALUE_TEXT || setting->value.kind == VALUE_NUMBER;
	if (draft_source_of(draft, setting->option) == DRAFT_FILE && length > 0)
		draft->is_telling = true;
}

/* Whether the value switches off what its key stands for. */
static bool is_off(const struct value *value)
{
	switch (value->kind) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return !value->boolean;
	case VALUE_TEXT:
		return value->text[0] == '\0';
	case VALUE_LIST:
	case VALUE_OBJECT:
		return value->number == 0;
	case VALUE_NUMBER:
	case VALUE_ODD_NUMBER:
		break;
	}
	return false;
}

/* The value is not shown: some of these hold passwords. */
static void refuse(const struct setting *setting)
{
	if (!is_off(&setting->value))
		messages_add(setting->draft->errors, "%s: refused: %s", setting->where,
			     setting->option->about);
}

/* By type; those without a function are the business of whoever reads files and flags. */
static void (*const setters[])(const struct setting *setting) = {
	[OPTION_HOSTS] = set_host,
	[OPTION_ADDRESSES] = set_host,
	[OPTION_NETWORKS] = set_network,
	/* several in one text, too */
	[OPTION_NAMESERVERS] = set_nameservers,
	[OPTION_INTERFACES] = set_interfaces,
	[OPTION_PORTS] = set_ports,
	[OPTION_MARK] = set_mark,
	[OPTION_NUMBER] = set_number,
	[OPTION_BOOL] = set_bool,
	[OPTION_WORD] = set_word,
	[OPTION_TEXT] = set_plain_text,
	[OPTION_USER] = set_user,
	[OPTION_INTERFACE] = set_interface,
	[OPTION_ADDRESS] = set_address,
	[OPTION_CONGESTION] = set_congestion,
	[OPTION_METHOD] = set_method,
	[OPTION_MODE] = set_mode,
	[OPTION_SECRET] = set_secret,
	[OPTION_IGNORED] = ignore,
	[OPTION_REFUSED] = refuse,
	[OPTION_HELP] = NULL,
};

void draft_set(const struct setting *setting)
{
	assert(setters[setting->option->type]);
	setters[setting->option->type](setting);
}
