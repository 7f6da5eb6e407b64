/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What greetings and flows show of a bridge that runs. */
#include "doctor/flows.h"

#include <inttypes.h>
#include <string.h>

#define LONG_MS 3000 /* a path that is up for less may have no subflow yet */

/* A subflow is there some round trips after the connection: this many must fit between the looks.
 */
#define JOIN_TRIPS 4

/* ---- greetings ---- */

static void judge_greetings(const struct patient *patient, const struct patient_path *path,
			    struct findings *findings)
{
	const struct method *method = patient->conf.method;
	bool is_2022 = method && method->format == METHOD_2022;
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
		finding_say(finding->command,
			    "on the server: journalctl -t mpbridge, or logread -e mpbridge");
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

/* ---- connections that are there in both looks ---- */

static bool has_connection(const struct patient *patient, const struct patient_connection *asked)
{
	for (unsigned i = 0; i < patient->n_connections; i++)
		if (patient->connection[i].is_mptcp == asked->is_mptcp &&
		    strcmp(patient->connection[i].name, asked->name) == 0)
			return true;
	return false;
}

static bool has_name(const struct patient_connection *connection)
{
	return strcmp(connection->name, "-") != 0;
}

/* MPTCP connections to that router. */
static bool has_lasting(const struct patient *patient, const struct patient *before, uint8_t router)
{
	for (unsigned i = 0; i < patient->n_connections; i++) {
		const struct patient_connection *connection = &patient->connection[i];

		if (connection->is_mptcp && connection->router == router && has_name(connection) &&
		    has_connection(before, connection))
			return true;
	}
	return false;
}

/* Those of plain TCP: a greeting does not last so long, unless it gets no answer. */
static unsigned count_plain(const struct patient *patient, const struct patient *before)
{
	unsigned n = 0;

	for (unsigned i = 0; i < patient->n_paths; i++)
		if (patient->path[i].is_unanswered)
			return 0;
	for (unsigned i = 0; i < patient->n_connections; i++) {
		const struct patient_connection *connection = &patient->connection[i];

		n += !connection->is_mptcp && has_name(connection) &&
		     has_connection(before, connection);
	}
	return n;
}

/* ---- plain TCP ---- */

static void judge_fallback(const struct patient *patient, const struct patient *before,
			   struct findings *findings)
{
	unsigned open = count_plain(patient, before);
	bool is_now = open > 0 || patient->flows_fell_back > before->flows_fell_back;
	struct finding *finding;

	if (patient->flows_fell_back == 0)
		return;
	finding = finding_add(findings, "fallback", is_now ? FINDING_ERROR : FINDING_NOTE);
	finding_say(finding->what,
		    "%" PRIu64 " of %" PRIu64 " flows since the start were carried by plain TCP, "
		    "over one link%s: the far router did not answer with MPTCP",
		    patient->flows_fell_back, patient->flows_started,
		    is_now ? ", also such that are open now" : ", and none that is open now");
	finding_say(finding->remedy,
		    "run mpbridge doctor on the far router; if it has nothing to say, a box "
		    "between strips the MPTCP option: use another port, or another provider");
	finding_say(finding->command, "grep MPTcpExt /proc/net/netstat");
}

/* ---- paths without subflows ---- */

/* New connections should use it, have had the time to, and do not. */
static bool is_idle(const struct patient_path *path)
{
	return patient_path_is_up(path) && path->is_active && path->subflows == 0;
}

/* A path that works, while connections that last have subflows on other links, and none here. One
 * that was left to others meanwhile had none for that. */
static bool lacks_subflows(const struct patient *patient, const struct patient *before,
			   const struct patient_path *path)
{
	const struct patient_path *then = patient_find_path(before, path);
	uint64_t others = 0;

	for (unsigned i = 0; i < patient->n_paths; i++)
		if (patient->path[i].router == path->router &&
		    strcmp(patient->path[i].interface, path->interface) != 0)
			others += patient->path[i].subflows;
	return is_idle(path) && then && is_idle(then) && then->yielded_ms == path->yielded_ms &&
	       others > 0 && path->age_ms >= LONG_MS &&
	       path->rtt_us * JOIN_TRIPS < FLOWS_BETWEEN_MS * 1000ul &&
	       has_lasting(patient, before, path->router);
}

static void judge_subflows(const struct patient *patient, const struct patient *before,
			   struct findings *findings)
{
	char name[PATIENT_NAME_BYTES];

	for (unsigned i = 0; i < patient->n_paths; i++) {
		const struct patient_path *path = &patient->path[i];
		struct finding *finding;

		if (!lacks_subflows(patient, before, path))
			continue;
		finding = finding_add(findings, "no-subflow", FINDING_WARNING);
		finding_say(finding->what,
			    "%s answers, but no flow has a subflow there: they do not join",
			    patient_path_name(path, name));
		finding_say(finding->remedy,
			    "something on this link drops or rejects MPTCP's MP_JOIN; look for it "
			    "with tcpdump at both ends, or use another port");
		finding_say(finding->command, "tcpdump -nvi %s tcp port %u | grep -i mptcp",
			    path->interface, patient->conf.server_port);
	}
}

void flows_judge(const struct patient *patient, const struct patient *before,
		 struct findings *findings)
{
	for (unsigned i = 0; i < patient->n_paths; i++)
		judge_greetings(patient, &patient->path[i], findings);
	if (!before || patient->conf.role != CONF_CLIENT)
		return;
	judge_fallback(patient, before, findings);
	judge_subflows(patient, before, findings);
}
