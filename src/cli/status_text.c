/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer of a daemon (daemon/answer.h), as text for people. */
#include "cli/status_text.h"

#include "cli/figures.h"
#include "cli/table.h"
#include "daemon/reading.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#define LINE_BYTES 240

/* ---- cells ---- */

static void add_bytes(struct table *table, struct json_object *object, const char *key)
{
	char text[FIGURES_TEXT_BYTES] = "-";
	uint64_t bytes;

	if (reading_get_number(object, key, &bytes))
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

	if (reading_get_number(object, "age_ms", &age_ms))
		figures_short_age(age_ms, text);
	table_add(table, text);
}

static void add_loss(struct table *table, struct json_object *object)
{
	struct json_object *loss = reading_member(object, "loss");
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

	if (reading_get_number(object, key, &number))
		snprintf(text, sizeof(text), "%" PRIu64, number);
	table_add(table, text);
}

/* The names of a list of texts, with commas. */
static void add_names(struct table *table, struct json_object *list)
{
	char text[TABLE_CELL_BYTES] = "";

	for (size_t i = 0; i < reading_length(list); i++) {
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
	if (pair->between_ms && reading_get_number(now, key, &new) &&
	    reading_get_number(before, key, &old) && new >= old)
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
	bool is_same = before && reading_number(now, "pid") == reading_number(before, "pid") &&
		       reading_get_number(now, "clock_ms", &new) &&
		       reading_get_number(before, "clock_ms", &old);

	return (struct pair){now, before, is_same && new > old ? new - old : 0};
}

/* The same path in the answer before. */
static struct json_object *earlier(const struct pair *pair, struct json_object *path)
{
	struct json_object *paths = reading_member(pair->before, "paths");

	for (size_t i = 0; i < reading_length(paths); i++) {
		struct json_object *other = json_object_array_get_idx(paths, i);

		if (reading_is_text(other, "interface", reading_text(path, "interface")) &&
		    reading_is_text(other, "local", reading_text(path, "local")) &&
		    reading_number(other, "router") == reading_number(path, "router"))
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
	size_t n_workers = reading_length(reading_member(now, "workers"));

	fprintf(out, "%s on port %" PRIu64 ", pid %" PRIu64 ", %zu worker%s, %s for %s\n",
		reading_is_text(now, "role", "client") ? "client" : "server",
		reading_number(now, "port"), reading_number(now, "pid"), n_workers,
		plural(n_workers),
		reading_is_text(now, "state", "stopping") ? "stopping, up" : "running",
		figures_age(reading_number(now, "uptime_ms"), age));
}

/* From the links' point of view: LAN to WAN goes to the far router. */
static void write_direction(FILE *out, const struct pair *pair, const char *words, const char *key)
{
	char bytes[FIGURES_TEXT_BYTES], rate[FIGURES_TEXT_BYTES];

	fprintf(out, ", %s %s", figures_bytes(reading_number(pair->now, key), bytes), words);
	if (pair->between_ms)
		fprintf(out, " (%s)", rate_of(pair, pair->now, pair->before, key, rate));
}

static void write_totals(FILE *out, const struct pair *pair)
{
	uint64_t open = reading_number(pair->now, "flows_open");

	fprintf(out, "%" PRIu64 " flow%s open", open, plural(open));
	write_direction(out, pair, "sent", "bytes_lan_to_wan");
	write_direction(out, pair, "received", "bytes_wan_to_lan");
	fputc('\n', out);
}

static bool has_several_routers(struct json_object *now)
{
	return reading_number(now, "routers") > 1;
}

/* Only what asks for a look: that it is there was configured. */
static void add_rules(struct table *lines, struct json_object *now, const char *what)
{
	struct json_object *rules = reading_member(now, what);
	uint64_t restored = reading_number(rules, "restored");
	char line[LINE_BYTES];

	snprintf(line, sizeof(line), "%s is not complete; the log says why", what);
	if (reading_is_false(rules, "complete"))
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

	if (reading_is_false(now, "mptcp"))
		table_add(&lines, "this kernel has no MPTCP: every flow is one TCP connection");
	snprintf(line, sizeof(line), "no figures of subflows: %s",
		 reading_text(now, "subflow_figures"));
	if (!reading_is_text(now, "subflow_figures", "ok"))
		table_add(&lines, line);
	snprintf(line, sizeof(line), "new connections go to far router %" PRIu64,
		 reading_number(now, "active_router"));
	if (has_several_routers(now))
		table_add(&lines, line);
	add_rules(&lines, now, "interception");
	add_rules(&lines, now, "transparent_source");
	add_rules(&lines, now, "dscp");
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

	if (reading_get_number(path, "router", &router))
		snprintf(text, sizeof(text), "%s%" PRIu64,
			 reading_is_true(path, "active") ? "*" : "", router);
	table_add(table, text);
}

static void add_figures(struct table *table, const struct pair *pair, struct json_object *path,
			struct json_object *before)
{
	uint64_t rtt_us = reading_number(path, "rtt_median_us");

	add_rtt(table, rtt_us ? rtt_us : reading_number(path, "greeting_rtt_us"));
	add_loss(table, path);
	add_number(table, path, "subflows");
	add_rate(table, pair, path, before, "seen_sent");
	add_rate(table, pair, path, before, "seen_received");
	add_names(table, reading_member(path, "congestion_control"));
}

static void write_figures(FILE *out, const struct pair *pair, struct json_object *paths)
{
	static const char *const titles[] = {"STATE",	"FOR",	     "RTT", "LOSS", "SUBFLOWS",
					     "SENDING", "RECEIVING", "CC",  NULL};
	bool has_router = has_several_routers(pair->now);
	struct table table = {.columns = has_router ? "lrlrrrrrrl" : "llrrrrrrl"};
	struct json_object *elsewhere = reading_member(pair->now, "elsewhere");

	table_add(&table, "PATH");
	if (has_router)
		table_add(&table, "ROUTER");
	add_titles(&table, titles);
	for (size_t i = 0; i < reading_length(paths); i++) {
		struct json_object *path = json_object_array_get_idx(paths, i);

		table_add(&table, reading_text(path, "interface"));
		if (has_router)
			add_router(&table, path);
		table_add(&table, reading_text(path, "state"));
		add_age(&table, path);
		add_figures(&table, pair, path, earlier(pair, path));
	}
	if (reading_number(elsewhere, "subflows") > 0) {
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

static void append_text(char line[static LINE_BYTES], const char *before, const char *text)
{
	size_t length = strlen(line);

	snprintf(line + length, LINE_BYTES - length, "%s%s", before, text);
}

/* What a link is for, unless that is the usual; and what others have of one that is secondary. */
static void append_role(char line[static LINE_BYTES], struct json_object *path)
{
	struct json_object *yield = reading_member(path, "secondary");
	char text[FIGURES_TEXT_BYTES];
	uint64_t others;

	if (reading_is_text(path, "role", "backup"))
		append_text(line, "", "; a backup");
	if (!yield)
		return;
	append_text(line, "", "; secondary");
	if (reading_get_number(yield, "others", &others))
		append_text(line, ", others use ", figures_rate(others, 1000, text));
	if (reading_number(yield, "yields") > 0)
		append_text(line, ", left to them for ",
			    figures_age(reading_number(yield, "yielded_ms"), text));
	if (reading_is_false(yield, "scavenger") || reading_is_false(yield, "far_scavenger"))
		append_text(line, "", " (without a scavenger)");
}

/* Plain TCP is worth a word when it is more than a greeting: MPTCP was not to be had. */
static void add_reason(struct table *table, struct json_object *now, struct json_object *path)
{
	uint64_t tcp = reading_number(path, "tcp");
	char line[LINE_BYTES];

	snprintf(line, sizeof(line), "%s", reading_text(path, "reason"));
	append_role(line, path);
	append_count(line, reading_number(path, "joining"), "joining");
	append_count(line, reading_number(path, "backup"), "backup");
	if (reading_number(now, "flows_open") > 0 && tcp > reading_number(path, "subflows"))
		append_count(line, tcp, "plain TCP");
	table_add(table, line);
}

static void write_reasons(FILE *out, struct json_object *now, struct json_object *paths)
{
	static const char *const client[] = {"FROM", "TO", "SENT", "RECEIVED", "WHY", NULL};
	static const char *const server[] = {"ADDRESS", "SENT", "RECEIVED", "WHY", NULL};
	bool is_client = reading_is_text(now, "role", "client"),
	     has_router = has_several_routers(now);
	struct table table = {.columns = is_client ? "lllrrl" : "llrrl"};

	if (has_router)
		table.columns = "lrllrrl";
	table_add(&table, "PATH");
	if (has_router)
		table_add(&table, "ROUTER");
	add_titles(&table, is_client ? client : server);
	for (size_t i = 0; i < reading_length(paths); i++) {
		struct json_object *path = json_object_array_get_idx(paths, i);

		table_add(&table, reading_text(path, "interface"));
		if (has_router)
			add_router(&table, path);
		table_add(&table, reading_text(path, "local"));
		if (is_client)
			table_add(&table, reading_text(path, "server"));
		add_bytes(&table, path, "bytes_sent");
		add_bytes(&table, path, "bytes_received");
		add_reason(&table, now, path);
	}
	table_print(&table, out);
	table_exit(&table);
}

static void write_paths(FILE *out, const struct pair *pair)
{
	struct json_object *paths = reading_member(pair->now, "paths");

	fputc('\n', out);
	if (reading_length(paths) == 0) {
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
	struct json_object *backup = reading_member(subflow, "backup");

	if (reading_is_text(subflow, "state", "open") &&
	    json_object_is_type(backup, json_type_boolean) && json_object_get_boolean(backup))
		return "backup";
	return reading_text(subflow, "state");
}

static void add_connection(struct table *table, struct json_object *connection)
{
	struct json_object *subflows = reading_member(connection, "subflows");
	const char *name = reading_text(connection, "token");

	if (reading_is_false(connection, "mptcp"))
		name = "TCP";
	for (size_t i = 0; i < reading_length(subflows); i++) {
		struct json_object *subflow = json_object_array_get_idx(subflows, i);

		table_add(table, i == 0 ? name : "");
		table_add(table, reading_text(subflow, "path"));
		table_add(table, reading_text(subflow, "local"));
		table_add(table, reading_text(subflow, "remote"));
		table_add(table, subflow_state(subflow));
		add_rtt(table, reading_number(subflow, "rtt_us"));
		add_bytes(table, subflow, "bytes_sent");
		add_bytes(table, subflow, "bytes_received");
	}
}

static void write_connections(FILE *out, struct json_object *now)
{
	static const char *const titles[] = {"FLOW", "PATH", "FROM",	 "TO", "STATE",
					     "RTT",  "SENT", "RECEIVED", NULL};
	struct json_object *list = reading_member(now, "connections");
	uint64_t left_out = reading_number(now, "connections_left_out");
	struct table table = {.columns = "lllllrrr"};

	if (!list)
		return;
	fputc('\n', out);
	add_titles(&table, titles);
	for (size_t i = 0; i < reading_length(list); i++)
		add_connection(&table, json_object_array_get_idx(list, i));
	table_print(&table, out);
	table_exit(&table);
	if (left_out)
		fprintf(out, "and %" PRIu64 " more\n", left_out);
}

bool status_text_write(FILE *out, const char *now_text, const char *before_text)
{
	struct json_object *now = reading_parse(now_text);
	struct json_object *before = before_text ? reading_parse(before_text) : NULL;
	struct pair pair;
	bool is_answer = reading_member(now, "role") && reading_member(now, "paths");

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
