/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The links of a bridge: interface, carrier, address, route; and which server address has none. */
#include "doctor/links.h"

#include "paths/derive.h"
#include "paths/diagnosis.h"
#include "paths/way.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WHAT_BYTES 96

/* ---- the paths of one that does not run ---- */

static void add_present(struct patient *patient, const struct path *path)
{
	struct patient_path *out = &patient->path[patient->n_paths++];

	*out = (struct patient_path){
		.local = path->local,
		.server = path->server,
		.router = path->router,
		.is_secondary = path->role == CONF_SECONDARY && !path->is_congestion_given,
	};
	memcpy(out->interface, path->interface, IF_NAMESIZE);
}

/* With what diagnosis_check() finds it does not start. */
static void add_absent(struct patient *patient, const struct snapshot *snapshot,
		       const struct conf_path *wanted)
{
	enum health_reason reason = diagnosis_reason(&patient->conf, snapshot, wanted->interface);
	const struct rt_link *link = snapshot_link_named(snapshot, wanted->interface);
	struct patient_path *out = &patient->path[patient->n_paths++];

	*out = (struct patient_path){.local = wanted->address, .is_refused = !link};
	if (link && wanted->address.family &&
	    !snapshot_address(snapshot, link->ifindex, &wanted->address)) {
		reason = HEALTH_NO_ADDRESS;
		out->is_refused = true;
	}
	memcpy(out->interface, wanted->interface, IF_NAMESIZE);
	snprintf(out->state, sizeof(out->state), "%s", health_state_text(HEALTH_ABSENT));
	snprintf(out->cause, sizeof(out->cause), "%s", health_reason_word(reason));
}

void links_find_paths(struct patient *patient, const struct snapshot *snapshot)
{
	const struct announce nothing = {0};
	struct paths paths = {0};

	derive_paths(&patient->conf, snapshot, &nothing, &paths);
	patient->n_paths = 0;
	for (unsigned i = 0; i < paths.n; i++)
		add_present(patient, &paths.path[i]);
	for (unsigned i = 0; i < patient->conf.n_paths; i++)
		if (!paths_use_interface(&paths, patient->conf.path[i].interface))
			add_absent(patient, snapshot, &patient->conf.path[i]);
}

/* ---- paths that are absent ---- */

/* What the daemon sees by itself, when it runs. */
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

static void put_what(const struct patient *patient, const struct patient_path *path,
		     enum health_reason reason, const char *usual, char what[static WHAT_BYTES])
{
	char ip[ADDRESS_TEXT_BYTES];

	if (path->is_refused && reason == HEALTH_NO_ADDRESS)
		snprintf(what, WHAT_BYTES, "it has no address %s",
			 address_format_ip(&path->local, ip));
	else if (patient->conf.role == CONF_SERVER && reason == HEALTH_NO_ROUTE)
		snprintf(what, WHAT_BYTES, "no listener accepts connections to its address");
	else
		snprintf(what, WHAT_BYTES, "%s", usual);
}

static void say_absent(const struct patient *patient, const struct patient_path *path, size_t which,
		       struct findings *findings)
{
	enum health_reason reason = absences[which].reason;
	struct finding *finding = finding_add(findings, health_reason_word(reason), FINDING_ERROR);
	char name[PATIENT_NAME_BYTES], what[WHAT_BYTES];

	put_what(patient, path, reason, absences[which].what, what);
	if (path->is_refused)
		finding_say(finding->what, "a %s with this file does not start: %s: %s",
			    patient_role(patient), patient_path_name(path, name), what);
	else
		finding_say(finding->what, "%s is not used: %s", patient_path_name(path, name),
			    what);
	finding_say(finding->remedy, "%s",
		    patient->conf.role == CONF_SERVER && reason == HEALTH_NO_ROUTE
			    ? "name the address under \"server\", or none there"
			    : absences[which].remedy);
	if (reason == HEALTH_NO_INTERFACE)
		finding_say(finding->command, "%s", absences[which].command);
	else
		finding_say(finding->command, "%s %s", absences[which].command, path->interface);
}

static void judge_absences(const struct patient *patient, struct findings *findings)
{
	for (unsigned i = 0; i < patient->n_paths; i++)
		for (size_t k = 0; k < sizeof(absences) / sizeof(absences[0]); k++)
			if (strcmp(patient->path[i].cause,
				   health_reason_word(absences[k].reason)) == 0)
				say_absent(patient, &patient->path[i], k, findings);
}

/* ---- server addresses without a path ---- */

/* How links lead to one of the client's server addresses. */
struct lead {
	const struct conf_host *host;
	bool is_dialled; /* some path begins connections to it */
	bool has_router; /* some path leads to its router */
	/* A path whose routes lead there as well, and which dials another one; NULL: none. */
	const struct patient_path *beside;
};

static bool leads_to(const struct patient *patient, const struct snapshot *snapshot,
		     const struct patient_path *path, const struct address *server)
{
	const struct rt_link *link = snapshot_link_named(snapshot, path->interface);
	const struct path way_over = {.ifindex = link ? link->ifindex : 0,
				      .gateway = patient_gateway(patient, path)};

	return link && way_find(snapshot, &way_over, server).rank > 0;
}

static struct lead lead_to(const struct patient *patient, const struct snapshot *snapshot,
			   const struct conf_host *host)
{
	struct lead lead = {.host = host};

	for (unsigned i = 0; i < patient->n_paths; i++) {
		const struct patient_path *path = &patient->path[i];

		if (path->router != host->router || patient_path_is_absent(path))
			continue;
		lead.has_router = true;
		if (address_ip_equal(&path->server, &host->address))
			lead.is_dialled = true;
		else if (leads_to(patient, snapshot, path, &host->address))
			lead.beside = path;
	}
	return lead;
}

/* Then it has been told which link is missing. */
static bool is_explained(const struct patient *patient, const struct address *server)
{
	for (unsigned i = 0; i < patient->n_paths; i++) {
		const struct patient_path *path = &patient->path[i];

		if (patient_path_is_absent(path) &&
		    (patient->conf.n_paths || address_ip_equal(&path->server, server)))
			return true;
	}
	return false;
}

/* A name may have addresses of a family that this router has none of. */
static bool has_family(const struct snapshot *snapshot, sa_family_t family)
{
	for (size_t i = 0; i < snapshot->addresses.n; i++)
		if (snapshot->addresses.item[i].local.family == family &&
		    snapshot->addresses.item[i].scope < RT_SCOPE_LINK &&
		    !address_is_loopback(&snapshot->addresses.item[i].local))
			return true;
	return false;
}

static void judge_server(const struct patient *patient, const struct snapshot *snapshot,
			 const struct lead *lead, struct findings *findings)
{
	const struct address *server = &lead->host->address;
	enum finding_severity severity = lead->has_router ? FINDING_WARNING : FINDING_ERROR;
	char ip[ADDRESS_TEXT_BYTES], other[ADDRESS_TEXT_BYTES];
	struct finding *finding;

	if (lead->has_router && is_explained(patient, server))
		return;
	if (lead->has_router && !has_family(snapshot, server->family))
		severity = FINDING_NOTE;
	finding = finding_add(findings, "no-path", severity);
	address_format_ip(server, ip);
	if (lead->beside)
		finding_say(finding->what,
			    "the server's address %s has no link of its own: only %s leads to it, "
			    "and carries what goes to %s",
			    ip, lead->beside->interface,
			    address_format_ip(&lead->beside->server, other));
	else
		finding_say(finding->what, "no link that is up leads to the server's address %s",
			    ip);
	finding_say(finding->remedy, "bring its link up, or add a route; or take the address out "
				     "of \"server\"");
	finding_say(finding->command, "ip route get %s; ip link show", ip);
}

static unsigned count_present(const struct patient *patient)
{
	unsigned n = 0;

	for (unsigned i = 0; i < patient->n_paths; i++)
		n += !patient_path_is_absent(&patient->path[i]);
	return n;
}

static void judge_servers(const struct patient *patient, const struct snapshot *snapshot,
			  struct findings *findings)
{
	const struct conf *conf = &patient->conf;

	if (count_present(patient) >= BOARD_PATHS_MAX)
		return; /* there was no room for more */
	for (unsigned s = 0; s < conf->n_servers; s++) {
		const struct lead lead = lead_to(patient, snapshot, &conf->server[s]);
		bool is_other_family =
			lead.beside && lead.beside->server.family != lead.host->address.family;

		if (lead.host->address.family && !lead.is_dialled && !is_other_family)
			judge_server(patient, snapshot, &lead, findings);
	}
}

void links_judge(const struct patient *patient, const struct snapshot *snapshot,
		 struct findings *findings)
{
	judge_absences(patient, findings);
	if (patient->conf.role == CONF_CLIENT)
		judge_servers(patient, snapshot, findings);
}

/* ---- where it would listen ---- */

static bool is_ours(const struct address *address)
{
	struct address free_port = *address;
	struct sockaddr_storage ss;
	socklen_t length;
	bool is_ours = true;
	int fd = socket(address->family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	free_port.port = 0;
	length = address_to_sockaddr(&free_port, false, &ss);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&ss, length) < 0)
		is_ours = errno != EADDRNOTAVAIL;
	if (fd >= 0)
		close(fd);
	return is_ours;
}

static void try_hosts(const struct patient *patient, const char *key, const struct conf_host *host,
		      unsigned n, struct findings *findings)
{
	for (unsigned i = 0; i < n; i++) {
		char ip[ADDRESS_TEXT_BYTES];
		struct finding *finding;

		if (!host[i].address.family || is_ours(&host[i].address))
			continue;
		finding = finding_add(findings, "no-address", FINDING_ERROR);
		finding_say(finding->what,
			    "a %s with this file does not start: this machine has no address %s, "
			    "where \"%s\" has it listen",
			    patient_role(patient), address_format_ip(&host[i].address, ip), key);
		finding_say(finding->remedy,
			    "bring its link up, write an address that is there, or \"0.0.0.0\" or "
			    "\"::\" for all");
		finding_say(finding->command, "ip address show");
	}
}

void links_try_listeners(const struct patient *patient, struct findings *findings)
{
	const struct conf *conf = &patient->conf;

	if (patient->pid)
		return;
	if (conf->role == CONF_SERVER)
		try_hosts(patient, "server", conf->server, conf->n_servers, findings);
	else
		try_hosts(patient, "local_address", conf->local, conf->n_locals, findings);
}
