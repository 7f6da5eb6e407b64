/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer of a daemon (daemon/answer.h), as text for people. */
#include "cli/status_text.h"

#include "cli/figures.h"
#include "cli/table.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#define DEPTH_MAX  16
#define LINE_BYTES 160

/* ---- reading: every key may be missing, and every value odd ---- */

static struct json_object *parse(const char *text)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *root;

	if (!tokener)
		return NULL;
	root = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	if (json_tokener_get_error(tokener) != json_tokener_success ||
	    !json_object_is_type(root, json_type_object)) {
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(tokener);
	return root;
}

static struct json_object *member(struct json_object *object, const char *key)
{
	struct json_object *value = NULL;

	if (json_object_is_type(object, json_type_object))
		json_object_object_get_ex(object, key, &value);
	return value;
}

static bool read_number(struct json_object *object, const char *key, uint64_t *out)
{
	struct json_object *value = member(object, key);
	int64_t number = json_object_get_int64(value);

	if (!json_object_is_type(value, json_type_int) || number < 0)
		return false;
	*out = (uint64_t)number;
	return true;
}

static uint64_t number_of(struct json_object *object, const char *key)
{
	uint64_t number = 0;

	read_number(object, key, &number);
	return number;
}

static const char *text_of(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key);

	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : "-";
}

static bool is_text(struct json_object *object, const char *key, const char *expected)
{
	return strcmp(text_of(object, key), expected) == 0;
}

static bool is_false(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key);

	return json_object_is_type(value, json_type_boolean) && !json_object_get_boolean(value);
}

static bool is_true(struct json_object *object, const char *key)
{
	struct json_object *value = member(object, key);

	return json_object_is_type(value, json_type_boolean) && json_object_get_boolean(value);
}

static size_t list_length(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
}

/* ---- cells ---- */

static void add_bytes(struct table *table, struct json_object *object, const char *key)
{
	char text[FIGURES_TEXT_BYTES] = "-";
	uint64_t bytes;

	if (read_number(object, key, &bytes))
		figures_bytes(bytes, text);
	table_add(table, text);
}

static void add_rtt(struct table *table, uint64_t microseconds)
{
	char text[FIGURES_TEXT_BYTES] = "-";

	if (microseconds)
		figures_rtt(microseconds, text);
	table_add(table, text);
}

static void add_age(struct table *table, struct json_object *object)
{
	char text[FIGURES_TEXT_BYTES] = "-";
	uint64_t age_ms;

	if (read_number(object, "age_ms", &age_ms))
		figures_short_age(age_ms, text);
	table_add(table, text);
}

static void add_loss(struct table *table, struct json_object *object)
{
	struct json_object *loss = member(object, "loss");
	double share = json_object_get_double(loss);
	char text[FIGURES_TEXT_BYTES] = "-";

	if (json_object_is_type(loss, json_type_double) && share >= 0 && share <= 1)
		figures_share(share, text);
	table_add(table, text);
}

static void add_number(struct table *table, struct json_object *object, const char *key)
{
	char text[FIGURES_TEXT_BYTES] = "-";
	uint64_t number;

	if (read_number(object, key, &number))
		snprintf(text, sizeof(text), "%" PRIu64, number);
	table_add(table, text);
}

/* The names of a list of texts, with commas. */
static void add_names(struct table *table, struct json_object *list)
{
	char text[TABLE_CELL_BYTES] = "";

	for (size_t i = 0; i < list_length(list); i++) {
		struct json_object *name = json_object_array_get_idx(list, i);
		size_t length = strlen(text);

		if (json_object_is_type(name, json_type_string))
			snprintf(text + length, sizeof(text) - length, "%s%s", length ? "," : "",
				 json_object_get_string(name));
	}
	table_add(table, text[0] ? text : "-");
}

/* ---- rates, from two answers ---- */

/* One answer, and the one before it; `before` may be NULL. */
struct pair {
	struct json_object *now, *before;
	uint64_t between_ms; /* 0: no rates */
};

static const char *rate_of(const struct pair *pair, struct json_object *now,
			   struct json_object *before, const char *key,
			   char text[static FIGURES_TEXT_BYTES])
{
	uint64_t new, old;

	strcpy(text, "-");
	if (pair->between_ms && read_number(now, key, &new) && read_number(before, key, &old) &&
	    new >= old)
		figures_rate(new - old, pair->between_ms, text);
	return text;
}

static void add_rate(struct table *table, const struct pair *pair, struct json_object *now,
		     struct json_object *before, const char *key)
{
	char text[FIGURES_TEXT_BYTES];

	table_add(table, rate_of(pair, now, before, key, text));
}

static struct pair pair_of(struct json_object *now, struct json_object *before)
{
	uint64_t new, old;
	bool is_same = before && number_of(now, "pid") == number_of(before, "pid") &&
		       read_number(now, "clock_ms", &new) && read_number(before, "clock_ms", &old);

	return (struct pair){now, before, is_same && new > old ? new - old : 0};
}

/* The same path in the answer before. */
static struct json_object *earlier(const struct pair *pair, struct json_object *path)
{
	struct json_object *paths = member(pair->before, "paths");

	for (size_t i = 0; i < list_length(paths); i++) {
		struct json_object *other = json_object_array_get_idx(paths, i);

		if (is_text(other, "interface", text_of(path, "interface")) &&
		    is_text(other, "local", text_of(path, "local")) &&
		    number_of(other, "router") == number_of(path, "router"))
			return other;
	}
	return NULL;
}

/* ---- the head ---- */

static const char *plural(uint64_t number)
{
	return number == 1 ? "" : "s";
}

static void write_head(FILE *out, struct json_object *now)
{
	char age[FIGURES_TEXT_BYTES];
	size_t n_workers = list_length(member(now, "workers"));

	fprintf(out, "%s on port %" PRIu64 ", pid %" PRIu64 ", %zu worker%s, %s for %s\n",
		is_text(now, "role", "client") ? "client" : "server", number_of(now, "port"),
		number_of(now, "pid"), n_workers, plural(n_workers),
		is_text(now, "state", "stopping") ? "stopping, up" : "running",
		figures_age(number_of(now, "uptime_ms"), age));
}

/* From the links' point of view: LAN to WAN goes to the far router. */
static void write_direction(FILE *out, const struct pair *pair, const char *words, const char *key)
{
	char bytes[FIGURES_TEXT_BYTES], rate[FIGURES_TEXT_BYTES];

	fprintf(out, ", %s %s", figures_bytes(number_of(pair->now, key), bytes), words);
	if (pair->between_ms)
		fprintf(out, " (%s)", rate_of(pair, pair->now, pair->before, key, rate));
}

static void write_totals(FILE *out, const struct pair *pair)
{
	uint64_t open = number_of(pair->now, "flows_open");

	fprintf(out, "%" PRIu64 " flow%s open", open, plural(open));
	write_direction(out, pair, "sent", "bytes_lan_to_wan");
	write_direction(out, pair, "received", "bytes_wan_to_lan");
	fputc('\n', out);
}

static bool has_several_routers(struct json_object *now)
{
	return number_of(now, "routers") > 1;
}

/* Only what asks for a look: that it is there was configured. */
static void add_rules(struct table *lines, struct json_object *now, const char *what)
{
	struct json_object *rules = member(now, what);
	uint64_t restored = number_of(rules, "restored");
	char line[LINE_BYTES];

	snprintf(line, sizeof(line), "%s is not complete; the log says why", what);
	if (is_false(rules, "complete"))
		table_add(lines, line);
	snprintf(line, sizeof(line),
		 "another program changed the rules of %s; put back %" PRIu64 " time%s", what,
		 restored, plural(restored));
	if (restored > 0)
		table_add(lines, line);
}

static void write_notes(FILE *out, struct json_object *now)
{
	struct table lines = {.columns = "l"};
	char line[LINE_BYTES];

	if (is_false(now, "mptcp"))
		table_add(&lines, "this kernel has no MPTCP: every flow is one TCP connection");
	snprintf(line, sizeof(line), "no figures of subflows: %s", text_of(now, "subflow_figures"));
	if (!is_text(now, "subflow_figures", "ok"))
		table_add(&lines, line);
	snprintf(line, sizeof(line), "new connections go to far router %" PRIu64,
		 number_of(now, "active_router"));
	if (has_several_routers(now))
		table_add(&lines, line);
	add_rules(&lines, now, "interception");
	add_rules(&lines, now, "transparent_source");
	table_print(&lines, out);
	table_exit(&lines);
}

/* ---- the paths ---- */

static void add_titles(struct table *table, const char *const *titles)
{
	for (; *titles; titles++)
		table_add(table, *titles);
}

/* Counted from 1; that which new connections go to has a star. */
static void add_router(struct table *table, struct json_object *path)
{
	char text[FIGURES_TEXT_BYTES] = "-";
	uint64_t router;

	if (read_number(path, "router", &router))
		snprintf(text, sizeof(text), "%s%" PRIu64, is_true(path, "active") ? "*" : "",
			 router);
	table_add(table, text);
}

static void add_figures(struct table *table, const struct pair *pair, struct json_object *path,
			struct json_object *before)
{
	uint64_t rtt_us = number_of(path, "rtt_median_us");

	add_rtt(table, rtt_us ? rtt_us : number_of(path, "greeting_rtt_us"));
	add_loss(table, path);
	add_number(table, path, "subflows");
	add_rate(table, pair, path, before, "seen_sent");
	add_rate(table, pair, path, before, "seen_received");
	add_names(table, member(path, "congestion_control"));
}

static void write_figures(FILE *out, const struct pair *pair, struct json_object *paths)
{
	static const char *const titles[] = {"STATE",	"FOR",	     "RTT", "LOSS", "SUBFLOWS",
					     "SENDING", "RECEIVING", "CC",  NULL};
	bool has_router = has_several_routers(pair->now);
	struct table table = {.columns = has_router ? "lrlrrrrrrl" : "llrrrrrrl"};
	struct json_object *elsewhere = member(pair->now, "elsewhere");

	table_add(&table, "PATH");
	if (has_router)
		table_add(&table, "ROUTER");
	add_titles(&table, titles);
	for (size_t i = 0; i < list_length(paths); i++) {
		struct json_object *path = json_object_array_get_idx(paths, i);

		table_add(&table, text_of(path, "interface"));
		if (has_router)
			add_router(&table, path);
		table_add(&table, text_of(path, "state"));
		add_age(&table, path);
		add_figures(&table, pair, path, earlier(pair, path));
	}
	if (number_of(elsewhere, "subflows") > 0) {
		table_add(&table, "others");
		if (has_router)
			table_add(&table, "");
		table_add(&table, "");
		table_add(&table, "");
		add_figures(&table, pair, elsewhere, NULL);
	}
	table_print(&table, out);
	table_exit(&table);
}

static void append_count(char line[static LINE_BYTES], uint64_t count, const char *what)
{
	size_t length = strlen(line);

	if (count)
		snprintf(line + length, LINE_BYTES - length, "; %" PRIu64 " %s", count, what);
}

/* Plain TCP is worth a word when it is more than a greeting: MPTCP was not to be had. */
static void add_reason(struct table *table, struct json_object *now, struct json_object *path)
{
	uint64_t tcp = number_of(path, "tcp");
	char line[LINE_BYTES];

	snprintf(line, sizeof(line), "%s", text_of(path, "reason"));
	append_count(line, number_of(path, "joining"), "joining");
	append_count(line, number_of(path, "backup"), "backup");
	if (number_of(now, "flows_open") > 0 && tcp > number_of(path, "subflows"))
		append_count(line, tcp, "plain TCP");
	table_add(table, line);
}

static void write_reasons(FILE *out, struct json_object *now, struct json_object *paths)
{
	static const char *const client[] = {"FROM", "TO", "SENT", "RECEIVED", "WHY", NULL};
	static const char *const server[] = {"ADDRESS", "SENT", "RECEIVED", "WHY", NULL};
	bool is_client = is_text(now, "role", "client"), has_router = has_several_routers(now);
	struct table table = {.columns = is_client ? "lllrrl" : "llrrl"};

	if (has_router)
		table.columns = "lrllrrl";
	table_add(&table, "PATH");
	if (has_router)
		table_add(&table, "ROUTER");
	add_titles(&table, is_client ? client : server);
	for (size_t i = 0; i < list_length(paths); i++) {
		struct json_object *path = json_object_array_get_idx(paths, i);

		table_add(&table, text_of(path, "interface"));
		if (has_router)
			add_router(&table, path);
		table_add(&table, text_of(path, "local"));
		if (is_client)
			table_add(&table, text_of(path, "server"));
		add_bytes(&table, path, "bytes_sent");
		add_bytes(&table, path, "bytes_received");
		add_reason(&table, now, path);
	}
	table_print(&table, out);
	table_exit(&table);
}

static void write_paths(FILE *out, const struct pair *pair)
{
	struct json_object *paths = member(pair->now, "paths");

	fputc('\n', out);
	if (list_length(paths) == 0) {
		fputs("no paths\n", out);
		return;
	}
	write_figures(out, pair, paths);
	fputc('\n', out);
	write_reasons(out, pair->now, paths);
}

/* ---- the connections ---- */

static const char *subflow_state(struct json_object *subflow)
{
	struct json_object *backup = member(subflow, "backup");

	if (is_text(subflow, "state", "open") && json_object_is_type(backup, json_type_boolean) &&
	    json_object_get_boolean(backup))
		return "backup";
	return text_of(subflow, "state");
}

static void add_connection(struct table *table, struct json_object *connection)
{
	struct json_object *subflows = member(connection, "subflows");
	const char *name = text_of(connection, "token");

	if (is_false(connection, "mptcp"))
		name = "TCP";
	for (size_t i = 0; i < list_length(subflows); i++) {
		struct json_object *subflow = json_object_array_get_idx(subflows, i);

		table_add(table, i == 0 ? name : "");
		table_add(table, text_of(subflow, "path"));
		table_add(table, text_of(subflow, "local"));
		table_add(table, text_of(subflow, "remote"));
		table_add(table, subflow_state(subflow));
		add_rtt(table, number_of(subflow, "rtt_us"));
		add_bytes(table, subflow, "bytes_sent");
		add_bytes(table, subflow, "bytes_received");
	}
}

static void write_connections(FILE *out, struct json_object *now)
{
	static const char *const titles[] = {"FLOW", "PATH", "FROM",	 "TO", "STATE",
					     "RTT",  "SENT", "RECEIVED", NULL};
	struct json_object *list = member(now, "connections");
	uint64_t left_out = number_of(now, "connections_left_out");
	struct table table = {.columns = "lllllrrr"};

	if (!list)
		return;
	fputc('\n', out);
	add_titles(&table, titles);
	for (size_t i = 0; i < list_length(list); i++)
		add_connection(&table, json_object_array_get_idx(list, i));
	table_print(&table, out);
	table_exit(&table);
	if (left_out)
		fprintf(out, "and %" PRIu64 " more\n", left_out);
}

bool status_text_write(FILE *out, const char *now_text, const char *before_text)
{
	struct json_object *now = parse(now_text);
	struct json_object *before = before_text ? parse(before_text) : NULL;
	struct pair pair;
	bool is_answer = member(now, "role") && member(now, "paths");

	if (is_answer) {
		pair = pair_of(now, before);
		write_head(out, now);
		write_totals(out, &pair);
		write_notes(out, now);
		write_paths(out, &pair);
		write_connections(out, now);
	}
	json_object_put(now);
	json_object_put(before);
	return is_answer;
}
