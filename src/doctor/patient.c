/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The patient: a daemon, or what a file would make one, as the examinations have to know it. */
#include "doctor/patient.h"

#include "daemon/reading.h"
#include "paths/health.h"

#include <stdio.h>
#include <string.h>

/* ---- what an answer tells of the configuration ---- */

/* The IP of "[fd00::1]:80", "10.0.0.1:80", "fe80::1%wan1". */
static void read_address(struct json_object *object, const char *key, struct address *out)
{
	const char *text = reading_text(object, key);
	size_t length = strcspn(text, strchr(text, '.') ? ":%" : "%");
	char ip[ADDRESS_TEXT_BYTES];

	if (text[0] == '[') {
		text++;
		length = strcspn(text, "]%");
	}
	snprintf(ip, sizeof(ip), "%.*s", (int)length, text);
	*out = (struct address){0};
	address_parse(ip, out);
}

static void read_servers(struct json_object *routers, struct conf *conf)
{
	for (size_t r = 0; r < reading_length(routers); r++) {
		struct json_object *list = json_object_array_get_idx(routers, r);

		for (size_t i = 0; i < reading_length(list); i++) {
			struct json_object *text = json_object_array_get_idx(list, i);
			struct conf_host host = {.router = (uint8_t)r};

			if (conf->n_servers == CONF_SERVERS_MAX || !text ||
			    !address_parse(json_object_get_string(text), &host.address))
				continue;
			conf->server[conf->n_servers++] = host;
		}
		conf->n_routers++;
	}
}

static void read_wanted_paths(struct json_object *paths, struct conf *conf)
{
	for (size_t i = 0; i < reading_length(paths) && i < CONF_PATHS_MAX; i++) {
		struct json_object *path = json_object_array_get_idx(paths, i);
		struct conf_path *out = &conf->path[conf->n_paths++];

		snprintf(out->interface, sizeof(out->interface), "%s",
			 reading_text(path, "interface"));
		read_address(path, "address", &out->address);
		read_address(path, "gateway", &out->gateway);
		if (reading_is_text(path, "dscp", "le"))
			out->dscp = CONF_DSCP_LE;
		else if (reading_is_text(path, "dscp", "cs1"))
			out->dscp = CONF_DSCP_CS1;
	}
}

static void read_intercept(struct json_object *told, struct conf_intercept *out)
{
	out->is_given = json_object_is_type(reading_member(told, "intercept"), json_type_string);
	if (reading_is_text(told, "intercept", "tproxy"))
		out->mode = CONF_INTERCEPT_TPROXY;
	else if (reading_is_text(told, "intercept", "redirect"))
		out->mode = CONF_INTERCEPT_REDIRECT;
}

static void read_conf(struct json_object *root, struct conf *conf)
{
	struct json_object *told = reading_member(root, "configuration");

	conf->role = reading_is_text(root, "role", "client") ? CONF_CLIENT : CONF_SERVER;
	conf->method = method_find(reading_text(told, "method"));
	conf->server_port = (uint16_t)reading_number(told, "server_port");
	read_servers(reading_member(told, "server"), conf);
	read_wanted_paths(reading_member(told, "paths"), conf);
	read_intercept(told, &conf->intercept);
	conf->transparent_source =
		conf->role == CONF_SERVER &&
		json_object_is_type(reading_member(root, "transparent_source"), json_type_object);
}

/* ---- and of how it is ---- */

static void read_path(struct json_object *object, struct patient_path *path)
{
	uint64_t router = reading_number(object, "router");

	*path = (struct patient_path){
		.router = (uint8_t)(router ? router - 1 : 0),
		.is_active = reading_is_true(object, "active"),
		.is_unwanted = reading_is_true(object, "unwanted"),
		.is_unanswered = reading_is_true(object, "unanswered"),
		.subflows = reading_number(object, "subflows"),
		.age_ms = reading_number(object, "age_ms"),
		.rtt_us = reading_number(object, "greeting_rtt_us"),
	};
	snprintf(path->interface, sizeof(path->interface), "%s", reading_text(object, "interface"));
	snprintf(path->state, sizeof(path->state), "%s", reading_text(object, "state"));
	snprintf(path->cause, sizeof(path->cause), "%s", reading_text(object, "cause"));
	read_address(object, "local", &path->local);
	read_address(object, "server", &path->server);
}

static void read_connection(struct json_object *object, const struct conf *conf,
			    struct patient_connection *out)
{
	struct json_object *subflows = reading_member(object, "subflows");
	struct json_object *first =
		reading_length(subflows) ? json_object_array_get_idx(subflows, 0) : NULL;
	struct address remote;

	read_address(first, "remote", &remote);
	*out = (struct patient_connection){
		.is_mptcp = reading_is_true(object, "mptcp"),
		.router = conf_router_of(conf, &remote),
	};
	snprintf(out->name, sizeof(out->name), "%s",
		 out->is_mptcp ? reading_text(object, "token") : reading_text(first, "local"));
}

static void read_rules(struct patient *patient, struct json_object *rules)
{
	patient->lacks_rules = patient->lacks_rules || reading_is_false(rules, "complete");
	patient->restored += reading_number(rules, "restored");
}

static void read_lists(struct patient *patient, struct json_object *root)
{
	struct json_object *paths = reading_member(root, "paths");
	struct json_object *connections = reading_member(root, "connections");

	for (size_t i = 0; i < reading_length(paths) && i < PATIENT_PATHS_MAX; i++)
		read_path(json_object_array_get_idx(paths, i), &patient->path[patient->n_paths++]);
	for (size_t i = 0; i < reading_length(connections) && i < ANSWER_CONNECTIONS_MAX; i++)
		read_connection(json_object_array_get_idx(connections, i), &patient->conf,
				&patient->connection[patient->n_connections++]);
}

bool patient_read(struct patient *patient, const char *answer, pid_t pid)
{
	struct json_object *root = reading_parse(answer);

	*patient = (struct patient){
		.pid = pid,
		.flows_open = reading_number(root, "flows_open"),
		.flows_started = reading_number(root, "flows_started"),
		.flows_fell_back = reading_number(root, "flows_fell_back"),
		.refused_for_time = reading_number(root, "refused_for_time"),
	};
	read_conf(root, &patient->conf);
	read_rules(patient, reading_member(root, "interception"));
	read_rules(patient, reading_member(root, "transparent_source"));
	read_rules(patient, reading_member(root, "dscp"));
	read_lists(patient, root);
	json_object_put(root);
	return root != NULL;
}

void patient_of_conf(struct patient *patient, const struct conf *conf)
{
	*patient = (struct patient){.conf = *conf};
	patient->conf.key = NULL;
}

/* ---- what is asked of it ---- */

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

const char *patient_role(const struct patient *patient)
{
	return patient->conf.role == CONF_CLIENT ? "client" : "server";
}

struct address patient_gateway(const struct patient *patient, const struct patient_path *path)
{
	for (unsigned i = 0; i < patient->conf.n_paths; i++) {
		const struct conf_path *wanted = &patient->conf.path[i];

		if (strcmp(wanted->interface, path->interface) == 0 &&
		    wanted->gateway.family == path->server.family &&
		    (!wanted->address.family || address_ip_equal(&wanted->address, &path->local)))
			return wanted->gateway;
	}
	return (struct address){0};
}

const struct patient_path *patient_find_path(const struct patient *patient,
					     const struct patient_path *path)
{
	for (unsigned i = 0; i < patient->n_paths; i++) {
		const struct patient_path *other = &patient->path[i];

		if (strcmp(other->interface, path->interface) == 0 &&
		    other->router == path->router && address_ip_equal(&other->local, &path->local))
			return other;
	}
	return NULL;
}

bool patient_path_is_absent(const struct patient_path *path)
{
	return strcmp(path->state, health_state_text(HEALTH_ABSENT)) == 0;
}

bool patient_path_is_up(const struct patient_path *path)
{
	return strcmp(path->state, health_state_text(HEALTH_UP)) == 0;
}
