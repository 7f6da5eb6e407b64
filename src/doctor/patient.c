/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The patient: a daemon, or what a file would make one, as the examinations have to know it. */
#include "doctor/patient.h"

#include "daemon/reading.h"
#include "paths/health.h"
#include "paths/manager.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- what an answer tells ---- */

static void read_address(struct json_object *object, const char *key, struct address *out)
{
	const char *text = reading_text(object, key);
	char ip[ADDRESS_TEXT_BYTES];

	*out = (struct address){0};
	snprintf(ip, sizeof(ip), "%.*s", (int)strcspn(text, "%"), text);
	address_parse(ip, out);
}

static void read_path(struct json_object *object, struct patient_path *path)
{
	*path = (struct patient_path){
		.subflows = reading_number(object, "subflows"),
		.is_announced = reading_is_true(object, "announced"),
		.is_unwanted = reading_is_true(object, "unwanted"),
		.is_unanswered = reading_is_true(object, "unanswered"),
	};
	snprintf(path->interface, sizeof(path->interface), "%s", reading_text(object, "interface"));
	snprintf(path->state, sizeof(path->state), "%s", reading_text(object, "state"));
	snprintf(path->cause, sizeof(path->cause), "%s", reading_text(object, "cause"));
	read_address(object, "local", &path->local);
	read_address(object, "server", &path->server);
}

static void read_configuration(struct patient *patient, struct json_object *configuration)
{
	struct json_object *intercept = reading_member(configuration, "intercept");

	snprintf(patient->method, sizeof(patient->method), "%s",
		 reading_text(configuration, "method"));
	patient->port = (uint16_t)reading_number(configuration, "server_port");
	patient->intercepts = json_object_is_type(intercept, json_type_string);
	patient->wants_tproxy =
		patient->intercepts && !reading_is_text(configuration, "intercept", "redirect");
}

static void read_rules(struct patient *patient, struct json_object *rules)
{
	patient->lacks_rules = patient->lacks_rules || reading_is_false(rules, "complete");
	patient->restored += reading_number(rules, "restored");
}

bool patient_read(struct patient *patient, const char *answer, pid_t pid)
{
	struct json_object *root = reading_parse(answer);
	struct json_object *paths = reading_member(root, "paths");

	*patient = (struct patient){
		.role = reading_is_text(root, "role", "client") ? CONF_CLIENT : CONF_SERVER,
		.pid = pid,
		.flows_open = reading_number(root, "flows_open"),
		.flows_started = reading_number(root, "flows_started"),
		.flows_fell_back = reading_number(root, "flows_fell_back"),
		.refused_for_time = reading_number(root, "refused_for_time"),
	};
	read_configuration(patient, reading_member(root, "configuration"));
	read_rules(patient, reading_member(root, "interception"));
	read_rules(patient, reading_member(root, "transparent_source"));
	for (size_t i = 0; i < reading_length(paths) && patient->n_paths < PATIENT_PATHS_MAX; i++)
		read_path(json_object_array_get_idx(paths, i), &patient->path[patient->n_paths++]);
	json_object_put(root);
	return root != NULL;
}

void patient_of_conf(struct patient *patient, const struct conf *conf)
{
	struct paths paths = {0};

	*patient = (struct patient){
		.role = conf->role,
		.port = conf->server_port,
		.intercepts = conf->intercept.is_given,
		.wants_tproxy =
			conf->intercept.is_given && conf->intercept.mode != CONF_INTERCEPT_REDIRECT,
	};
	snprintf(patient->method, sizeof(patient->method), "%s", conf->method->name);
	if (manager_try(conf, &paths) < 0)
		return;
	for (unsigned i = 0; i < paths.n; i++) {
		struct patient_path *path = &patient->path[patient->n_paths++];

		memcpy(path->interface, paths.path[i].interface, IF_NAMESIZE);
		path->local = paths.path[i].local;
		path->server = paths.path[i].server;
	}
}

const char *patient_path_name(const struct patient_path *path, char buf[static PATIENT_NAME_BYTES])
{
	char server[ADDRESS_TEXT_BYTES];

	if (path->server.family)
		snprintf(buf, PATIENT_NAME_BYTES, "path %s to %s", path->interface,
			 address_format_ip(&path->server, server));
	else
		snprintf(buf, PATIENT_NAME_BYTES, "path %s", path->interface);
	return buf;
}

/* ---- what it says about itself ---- */

static bool is_in_state(const struct patient_path *path, enum health_state state)
{
	return strcmp(path->state, health_state_text(state)) == 0;
}

/* What is wrong with links, which the daemon sees by itself. */
static const struct {
	enum health_reason reason;
	const char *what, *remedy, *command;
} absences[] = {
	{HEALTH_NO_INTERFACE, "there is no such interface",
	 "name the interface as it is called, or plug it in", "ip link show"},
	{HEALTH_NO_CARRIER, "the link is down, or has no carrier",
	 "bring the interface up, and look at the cable or the radio", "ip link show"},
	{HEALTH_NO_ADDRESS, "it has no address of the server's family",
	 "give it one, by hand or by DHCP", "ip address show dev"},
	{HEALTH_NO_ROUTE, "no route leads over it to the server",
	 "add a route to the server over this interface, or its \"gateway\" under \"paths\"",
	 "ip route show dev"},
};

static void judge_absence(const struct patient_path *path, struct findings *findings)
{
	char name[PATIENT_NAME_BYTES];

	for (size_t i = 0; i < sizeof(absences) / sizeof(absences[0]); i++) {
		struct finding *finding;

		if (strcmp(path->cause, health_reason_word(absences[i].reason)) != 0)
			continue;
		finding = finding_add(findings, health_reason_word(absences[i].reason),
				      FINDING_ERROR);
		finding_say(finding->what, "%s is not used: %s", patient_path_name(path, name),
			    absences[i].what);
		finding_say(finding->remedy, "%s", absences[i].remedy);
		finding_say(finding->command, "%s %s", absences[i].command, path->interface);
	}
}

static void judge_greetings(const struct patient *patient, const struct patient_path *path,
			    struct findings *findings)
{
	bool is_2022 = strncmp(patient->method, "2022-", 5) == 0;
	char name[PATIENT_NAME_BYTES];
	struct finding *finding;

	if (path->is_unwanted) {
		finding = finding_add(findings, "not-let-in", FINDING_ERROR);
		finding_say(finding->what,
			    "%s: the server ends the connection at once: it does not let this "
			    "client in",
			    patient_path_name(path, name));
		finding_say(finding->remedy,
			    "name this client's address on that link in \"allow\" on "
			    "the server");
		finding_say(finding->command, "journalctl -t mpbridge (on the server)");
	} else if (path->is_unanswered) {
		finding = finding_add(findings, "not-understood", FINDING_ERROR);
		finding_say(finding->what,
			    "%s: the server takes connections, and does not answer what is said to "
			    "it: another method or key%s",
			    patient_path_name(path, name), is_2022 ? ", or another time" : "");
		finding_say(finding->remedy, "compare method and key in both files%s",
			    is_2022 ? ", and set both clocks by NTP" : "");
		finding_say(finding->command, "date -u; mpbridge doctor (on the server, too)");
	}
}

static void judge_fallback(const struct patient *patient, struct findings *findings)
{
	struct finding *finding;

	if (patient->flows_fell_back == 0)
		return;
	finding = finding_add(findings, "fallback", FINDING_ERROR);
	finding_say(finding->what,
		    "%" PRIu64 " of %" PRIu64 " flows were carried by plain TCP, over one link: "
		    "the far router did not answer with MPTCP",
		    patient->flows_fell_back, patient->flows_started);
	finding_say(finding->remedy,
		    "run mpbridge doctor on the far router; if it has nothing to say, a box "
		    "between strips the MPTCP option: use another port, or another provider");
	finding_say(finding->command, "nstat -asz | grep -i MPTcpExtMPCapable");
}

static void judge_clock(const struct patient *patient, struct findings *findings)
{
	struct finding *finding;

	if (patient->refused_for_time == 0)
		return;
	finding = finding_add(findings, "clock", FINDING_ERROR);
	finding_say(finding->what,
		    "%" PRIu64 " connections were refused because their time was more than 30 s "
		    "off: the clocks of the two routers differ",
		    patient->refused_for_time);
	finding_say(finding->remedy, "set both clocks by NTP");
	finding_say(finding->command, "date -u");
}

/* A path that works, while flows have subflows on another one and none here, then and now. */
static bool lacks_subflows(const struct patient *patient, const struct patient *before, unsigned i)
{
	const struct patient_path *path = &patient->path[i];
	uint64_t others = 0;

	for (unsigned j = 0; j < patient->n_paths; j++)
		if (j != i && strcmp(patient->path[j].interface, path->interface) != 0)
			others += patient->path[j].subflows;
	return patient->role == CONF_CLIENT && before->n_paths == patient->n_paths &&
	       is_in_state(path, HEALTH_UP) && is_in_state(&before->path[i], HEALTH_UP) &&
	       path->subflows == 0 && before->path[i].subflows == 0 && others > 0 &&
	       before->flows_open > 0 && patient->flows_fell_back == 0;
}

static void judge_subflows(const struct patient *patient, const struct patient *before,
			   struct findings *findings)
{
	char name[PATIENT_NAME_BYTES];

	for (unsigned i = 0; i < patient->n_paths; i++) {
		const struct patient_path *path = &patient->path[i];
		struct finding *finding;

		if (!lacks_subflows(patient, before, i))
			continue;
		finding = finding_add(findings, "no-subflow", FINDING_WARNING);
		finding_say(finding->what,
			    "%s answers, but no flow has a subflow there: they do not join",
			    patient_path_name(path, name));
		finding_say(finding->remedy,
			    "something on this link drops or rejects MPTCP's MP_JOIN; look for it "
			    "with tcpdump at both ends, or use another port");
		finding_say(finding->command,
			    "tcpdump -ni %s tcp port %u and 'tcp[tcpflags] & "
			    "tcp-syn != 0'",
			    path->interface, patient->port);
	}
}

static void judge_rules(const struct patient *patient, struct findings *findings)
{
	struct finding *finding;

	if (patient->lacks_rules) {
		finding = finding_add(findings, "rules-missing", FINDING_ERROR);
		finding_say(finding->what,
			    "the firewall's rules of this %s are not as they should be",
			    patient->role == CONF_CLIENT ? "client" : "server");
		finding_say(finding->remedy, "its log says what nft or the kernel refused");
		finding_say(finding->command, "nft list ruleset");
	}
	if (patient->restored > 0) {
		finding = finding_add(findings, "rules-changed", FINDING_NOTE);
		finding_say(finding->what,
			    "another program has changed mpbridge's rules %" PRIu64 " times; they "
			    "were put back",
			    patient->restored);
		finding_say(finding->remedy, "none is needed; the log says which program it was");
		finding_say(finding->command, "nft monitor");
	}
}

void patient_judge(const struct patient *patient, const struct patient *before,
		   struct findings *findings)
{
	for (unsigned i = 0; i < patient->n_paths; i++) {
		judge_absence(&patient->path[i], findings);
		judge_greetings(patient, &patient->path[i], findings);
	}
	judge_fallback(patient, findings);
	judge_clock(patient, findings);
	judge_subflows(patient, before, findings);
	judge_rules(patient, findings);
}
