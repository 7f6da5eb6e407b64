/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The answer to a question about the state: one JSON document. */
#include "daemon/answer.h"

#include "conf/options.h"
#include "kernel/inet_diag.h"
#include "kernel/socket.h"
#include "paths/subflows.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A key that is added here never changes its meaning; a change of meaning raises this. */
#define VERSION		    1
#define ANSWER_SUBFLOWS_MAX 2048

/* ---- values; what is not known is null ---- */

static void add(struct json_object *object, const char *key, struct json_object *value)
{
	json_object_object_add(object, key, value);
}

static void add_number(struct json_object *object, const char *key, uint64_t number)
{
	add(object, key, json_object_new_int64((int64_t)number));
}

static void add_number_or_null(struct json_object *object, const char *key, uint64_t number)
{
	add(object, key, number ? json_object_new_int64((int64_t)number) : NULL);
}

static void add_bool(struct json_object *object, const char *key, bool value)
{
	add(object, key, json_object_new_boolean(value));
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	add(object, key, text ? json_object_new_string(text) : NULL);
}

static void add_address(struct json_object *object, const char *key, const struct address *address)
{
	char text[ADDRESS_TEXT_BYTES];

	add_text(object, key, address->family ? address_format(address, text) : NULL);
}

/* The share of what was sent that had to be sent again, 0 to 1. */
static void add_loss(struct json_object *object, uint64_t sent, uint64_t again)
{
	double share = sent ? (double)again / (double)sent : 0;
	char text[16];

	snprintf(text, sizeof(text), "%.5f", share);
	add(object, "loss", sent ? json_object_new_double_s(share, text) : NULL);
}

/* ---- paths ---- */

static void add_traffic(struct json_object *path, const struct report_traffic *traffic)
{
	struct json_object *names = json_object_new_array();

	add_number(path, "subflows", traffic->n_subflows);
	add_number(path, "joining", traffic->n_joining);
	add_number(path, "backup", traffic->n_backup);
	add_number(path, "tcp", traffic->n_tcp);
	add_number(path, "bytes_sent", traffic->bytes_acked);
	add_number(path, "bytes_received", traffic->bytes_received);
	add_number(path, "seen_sent", traffic->seen_acked);
	add_number(path, "seen_received", traffic->seen_received);
	add_number_or_null(path, "rtt_min_us", traffic->rtt_min_us);
	add_number_or_null(path, "rtt_median_us", traffic->rtt_median_us);
	add_number(path, "delivery_rate", traffic->delivery_rate);
	add_loss(path, traffic->bytes_sent, traffic->bytes_sent_again);
	for (unsigned i = 0; i < traffic->n_congestion_controls; i++)
		json_object_array_add(names,
				      json_object_new_string(traffic->congestion_control[i]));
	add(path, "congestion_control", names);
}

/* What is known of a link that is used only for what others leave of it. */
static struct json_object *yield_of(const struct report_path *path, const struct conf *conf)
{
	const struct report_yield *yield = &path->yield;
	struct json_object *out = json_object_new_object();

	add_bool(out, "scavenger", yield->has_scavenger);
	if (conf->role == CONF_CLIENT)
		add_bool(out, "far_scavenger", yield->has_far_scavenger);
	add_bool(out, "yielding", yield->is_yielding);
	add_number(out, "yields", yield->times);
	add_number(out, "yielded_ms", yield->left_ms);
	add_number_or_null(out, "capacity", yield->capacity);
	add(out, "others", yield->capacity ? json_object_new_int64((int64_t)yield->others) : NULL);
	add_number(out, "queue_us", yield->queue_us);
	return out;
}

static struct json_object *path_of(const struct report_path *path, const struct conf *conf,
				   uint64_t now_ms)
{
	struct json_object *out = json_object_new_object();

	add_text(out, "interface", path->interface);
	add_text(out, "role", options_path_role(path->role));
	add(out, "secondary", path->role == CONF_SECONDARY ? yield_of(path, conf) : NULL);
	add_address(out, "local", &path->local);
	add_text(out, "state", health_state_text(path->state));
	add_text(out, "reason", path->reason);
	add_text(out, "cause", health_reason_word(path->cause));
	add(out, "age_ms",
	    path->since_ms ? json_object_new_int64((int64_t)(now_ms - path->since_ms)) : NULL);
	if (conf->role == CONF_CLIENT) {
		add_address(out, "server", &path->server);
		add_number_or_null(out, "router", path->ifindex ? path->router + 1u : 0);
		add_bool(out, "active", path->ifindex && !path->is_standby);
		add_number_or_null(out, "greeting_rtt_us", path->rtt_us);
		add_bool(out, "starts", path->may_start);
		add_bool(out, "unwanted", path->is_unwanted);
		add_bool(out, "unanswered", path->is_unanswered);
	} else {
		add_bool(out, "announced", path->is_announced);
	}
	return out;
}

static void add_paths(struct json_object *answer, const struct report *report,
		      const struct conf *conf, uint64_t now_ms)
{
	struct json_object *paths = json_object_new_array();
	struct json_object *elsewhere = json_object_new_object();

	for (unsigned i = 0; i < report->n_paths; i++) {
		struct json_object *path = path_of(&report->path[i], conf, now_ms);

		if (report->has_traffic)
			add_traffic(path, &report->path[i].traffic);
		json_object_array_add(paths, path);
	}
	add(answer, "paths", paths);
	if (report->has_traffic)
		add_traffic(elsewhere, &report->elsewhere);
	add(answer, "elsewhere", elsewhere);
}

/* ---- connections ---- */

static struct json_object *subflow_of(const struct report *report,
				      const struct inet_diag_subflow *subflow)
{
	struct json_object *out = json_object_new_object();
	unsigned place = report_place(report, subflow);

	add_text(out, "path", place < report->n_paths ? report->path[place].interface : NULL);
	add_address(out, "local", &subflow->local);
	add_address(out, "remote", &subflow->remote);
	add_text(out, "state", subflow->is_established ? "open" : "joining");
	add_bool(out, "initial", !subflow->is_joined);
	add_bool(out, "backup", subflow->is_backup);
	add_number(out, "bytes_sent", subflow->bytes_acked);
	add_number(out, "bytes_received", subflow->bytes_received);
	add_number_or_null(out, "rtt_us", subflow->rtt_us);
	add_number(out, "delivery_rate", subflow->delivery_rate);
	add_loss(out, subflow->bytes_sent, subflow->bytes_sent_again);
	add_text(out, "congestion_control", subflow->congestion_control);
	return out;
}

static bool is_same_connection(const struct inet_diag_subflow *a, const struct inet_diag_subflow *b)
{
	return a->token != 0 && a->token == b->token;
}

/* The subflows from *next on that are one connection; *next is then behind them. */
static struct json_object *connection_of(const struct report *report,
					 const struct inet_diag_subflows *subflows, size_t *next)
{
	const struct inet_diag_subflow *first = &subflows->item[*next];
	struct json_object *out = json_object_new_object();
	struct json_object *list = json_object_new_array();
	char token[16];

	snprintf(token, sizeof(token), "%08x", first->token);
	add_text(out, "token", first->token ? token : NULL);
	add_bool(out, "mptcp", first->is_mptcp);
	do {
		json_object_array_add(list, subflow_of(report, &subflows->item[(*next)++]));
	} while (*next < subflows->n && is_same_connection(first, &subflows->item[*next]));
	add(out, "subflows", list);
	return out;
}

static uint64_t count_connections(const struct inet_diag_subflows *subflows, size_t from)
{
	uint64_t count = 0;

	for (size_t i = from; i < subflows->n; i++)
		count += i == from ||
			 !is_same_connection(&subflows->item[i - 1], &subflows->item[i]);
	return count;
}

static void add_connections(struct json_object *answer, const struct report *report,
			    const struct inet_diag_subflows *subflows)
{
	struct json_object *list = json_object_new_array();
	size_t next = 0;

	for (int i = 0;
	     i < ANSWER_CONNECTIONS_MAX && next < subflows->n && next < ANSWER_SUBFLOWS_MAX; i++)
		json_object_array_add(list, connection_of(report, subflows, &next));
	add(answer, "connections", list);
	add_number(answer, "connections_left_out", count_connections(subflows, next));
}

/* ---- what the kernel says ---- */

static void add_tally(struct report_path *path, const struct tally *tally)
{
	const struct tally_address *seen = tally_of(tally, &path->local, path->router);

	path->traffic.seen_acked = seen ? seen->acked : 0;
	path->traffic.seen_received = seen ? seen->received : 0;
}

/* Whole, or nothing of it: 0 or -errno. */
static int look(struct answer_subject *subject, struct report *report,
		struct inet_diag_subflows *subflows)
{
	const struct conf *conf = subject->parts->conf;
	int error = subflows_look(conf, subflows);

	if (error)
		return error;
	tally_look(&subject->tally, conf, subflows);
	for (unsigned i = 0; i < report->n_paths; i++)
		add_tally(&report->path[i], &subject->tally);
	error = report_add_traffic(report, subflows);
	if (error)
		array_free(subflows);
	return error;
}

static void add_look(struct json_object *answer, int error,
		     const struct inet_diag_subflows *subflows)
{
	if (error == -ENOENT || error == -EPROTONOSUPPORT)
		add_text(answer, "subflow_figures",
			 "none: this kernel has no inet_diag (modules tcp_diag and inet_diag)");
	else if (error)
		add_text(answer, "subflow_figures", strerror(-error));
	else
		add_text(answer, "subflow_figures", "ok");
	add_number(answer, "subflows_left_out", subflows->n_left_out);
}

/* ---- workers and totals ---- */

static const char *worker_state(enum crew_state state)
{
	switch (state) {
	case CREW_STARTING:
		return "starting";
	case CREW_RUNNING:
		return "running";
	case CREW_ABSENT:
		return "waiting to be started again";
	case CREW_GONE:
		break;
	}
	return "ended";
}

/* Copies of a worker's counters, or of their sums. */
struct counts {
	uint64_t started, ended, fell_back, refused_for_time, to_wan, to_lan;
};

static struct counts counts_of(const struct board_counters *counters)
{
	struct counts counts = {
		.ended = shared64_get(&counters->flows_ended),
		.fell_back = shared64_get(&counters->flows_fell_back),
		.refused_for_time = shared64_get(&counters->refused_for_time),
		.to_wan = shared64_get(&counters->bytes_lan_to_wan),
		.to_lan = shared64_get(&counters->bytes_wan_to_lan),
	};

	counts.started = shared64_get(&counters->flows_started); /* last: never below `ended` */
	return counts;
}

static void add_counts(struct json_object *object, const struct counts *counts)
{
	add_number(object, "flows_open", counts->started - counts->ended);
	add_number(object, "flows_started", counts->started);
	add_number(object, "flows_ended", counts->ended);
	add_number(object, "flows_fell_back", counts->fell_back);
	add_number(object, "refused_for_time", counts->refused_for_time);
	add_number(object, "bytes_lan_to_wan", counts->to_wan);
	add_number(object, "bytes_wan_to_lan", counts->to_lan);
}

static struct json_object *describe(const struct crew_worker *worker, const struct counts *counts)
{
	struct json_object *out = json_object_new_object();

	add_number(out, "pid", (uint64_t)worker->pid);
	add_text(out, "state",
		 worker->duty == CREW_LEAVING ? "leaving" : worker_state(worker->state));
	add_counts(out, counts);
	return out;
}

/* The sums have those that have ended in them. */
static void add_workers(struct json_object *answer, const struct crew *crew)
{
	struct json_object *list = json_object_new_array();
	struct counts sum = {0};

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++) {
		const struct crew_worker *worker = &crew->worker[i];
		struct counts counts = counts_of(&crew->board->worker[i]);

		if (worker->state != CREW_GONE)
			json_object_array_add(list, describe(worker, &counts));
		sum.started += counts.started;
		sum.ended += counts.ended;
		sum.fell_back += counts.fell_back;
		sum.refused_for_time += counts.refused_for_time;
		sum.to_wan += counts.to_wan;
		sum.to_lan += counts.to_lan;
	}
	add_counts(answer, &sum);
	add(answer, "workers", list);
}

/* ---- the document ---- */

static void add_routers(struct json_object *answer, const struct report *report)
{
	add_number(answer, "routers", report->conf->n_routers);
	add_number(answer, "active_router", report->active + 1);
}

/* NULL: the firewall is left alone. */
static struct json_object *interception_of(const struct interception *interception, bool is_client)
{
	struct interception_report report;
	struct json_object *out;

	if (!interception)
		return NULL;
	interception_report(interception, &report);
	out = json_object_new_object();
	if (is_client)
		add_text(out, "mode", report.mode == CONF_INTERCEPT_TPROXY ? "tproxy" : "redirect");
	add_bool(out, "complete", report.is_complete);
	add_number(out, "restored", report.n_restored);
	return out;
}

/* NULL: nothing is marked. */
static struct json_object *marking_of(const struct marking *marking)
{
	struct marking_report report;
	struct json_object *out;

	marking_report(marking, &report);
	if (!report.is_wanted)
		return NULL;
	out = json_object_new_object();
	add_bool(out, "complete", report.is_complete);
	add_number(out, "restored", report.n_restored);
	return out;
}

static const char *intercept_text(const struct conf_intercept *intercept)
{
	if (!intercept->is_given)
		return NULL;
	switch (intercept->mode) {
	case CONF_INTERCEPT_AUTO:
		return "auto";
	case CONF_INTERCEPT_TPROXY:
		return "tproxy";
	case CONF_INTERCEPT_REDIRECT:
		break;
	}
	return "redirect";
}

/* Router by router; a server has one list. */
static struct json_object *servers_of(const struct conf *conf)
{
	struct json_object *out = json_object_new_array(), *list = NULL;
	char text[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < conf->n_servers; i++) {
		const struct conf_host *host = &conf->server[i];

		if (!list || host->router != conf->server[i - 1].router) {
			list = json_object_new_array();
			json_object_array_add(out, list);
		}
		json_object_array_add(
			list, json_object_new_string(address_format_ip(&host->address, text)));
	}
	return out;
}

static struct json_object *wanted_paths_of(const struct conf *conf)
{
	struct json_object *out = json_object_new_array();

	for (unsigned i = 0; i < conf->n_paths; i++) {
		struct json_object *path = json_object_new_object();

		add_text(path, "interface", conf->path[i].interface);
		add_address(path, "address", &conf->path[i].address);
		add_address(path, "gateway", &conf->path[i].gateway);
		if (conf->path[i].dscp != CONF_DSCP_NONE)
			add_text(path, "dscp", options_path_dscp(conf->path[i].dscp));
		json_object_array_add(out, path);
	}
	return out;
}

/* What `mpbridge doctor` has to know of it; nothing secret. */
static struct json_object *configuration_of(const struct conf *conf)
{
	struct json_object *out = json_object_new_object();

	add_text(out, "method", conf->method->name);
	add(out, "server", servers_of(conf));
	add_number(out, "server_port", conf->server_port);
	add(out, "paths", wanted_paths_of(conf));
	add_text(out, "intercept", intercept_text(&conf->intercept));
	return out;
}

static void add_head(struct json_object *answer, const struct answer_subject *subject,
		     uint64_t now_ms)
{
	const struct conf *conf = subject->parts->conf;
	bool is_client = conf->role == CONF_CLIENT;

	add_number(answer, "format", VERSION);
	add_text(answer, "version", MPBRIDGE_VERSION);
	add_text(answer, "role", is_client ? "client" : "server");
	add_number(answer, "pid", (uint64_t)getpid());
	add_number(answer, "port", is_client ? conf->local_port : conf->server_port);
	add_text(answer, "state", subject->parts->crew.is_dismissed ? "stopping" : "running");
	add_number(answer, "uptime_ms", now_ms - subject->started_ms);
	add_number(answer, "clock_ms", now_ms);
	add_bool(answer, "mptcp", socket_has_mptcp());
	add(answer, "configuration", configuration_of(conf));
	add(answer, is_client ? "interception" : "transparent_source",
	    interception_of(subject->parts->interception, is_client));
	add(answer, "dscp", marking_of(subject->parts->marking));
}

/* The text, with a line feed, and without the document that it was. */
static char *text_of(struct json_object *answer)
{
	const int how = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
	const char *text = json_object_to_json_string_ext(answer, how);
	char *line = NULL;

	if (!text || asprintf(&line, "%s\n", text) < 0)
		line = NULL;
	json_object_put(answer);
	return line;
}

char *answer_make(struct answer_subject *subject, const struct question *question)
{
	struct json_object *answer = json_object_new_object();
	struct inet_diag_subflows subflows = {0};
	uint64_t now_ms = clock_ms();
	struct report report;
	int error;

	manager_report(subject->parts->manager, &report);
	error = look(subject, &report, &subflows);
	add_head(answer, subject, now_ms);
	if (report.conf->role == CONF_CLIENT)
		add_routers(answer, &report);
	add_workers(answer, &subject->parts->crew);
	add_look(answer, error, &subflows);
	add_paths(answer, &report, subject->parts->conf, now_ms);
	if (question->has_flows)
		add_connections(answer, &report, &subflows);
	array_free(&subflows);
	return text_of(answer);
}

char *answer_reload(const struct messages *errors)
{
	struct json_object *answer = json_object_new_object();
	struct json_object *list = json_object_new_array();

	if (!answer || !list) {
		json_object_put(answer);
		json_object_put(list);
		return NULL;
	}
	add_number(answer, "pid", (uint64_t)getpid());
	add_text(answer, "reload", errors->count ? "refused" : "begun");
	for (unsigned i = 0; i < messages_kept(errors); i++)
		json_object_array_add(list, json_object_new_string(errors->text[i]));
	add(answer, "errors", list);
	return text_of(answer);
}

char *answer_refuse(void)
{
	return strdup(
		"{\"error\":\"this is no question; there are: status, status flows, reload\"}\n");
}
