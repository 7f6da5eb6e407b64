/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system: what the kernel and the administrator's settings do to a bridge. */
#include "doctor/system.h"

#include "kernel/mptcp_pm.h"
#include "paths/slot.h"
#include "paths/store.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#define DESCRIPTORS_FEW	      4096u
#define DESCRIPTORS_OF_A_FLOW 6u /* its two sockets, and a pipe for each direction */

/* ---- MPTCP ---- */

static void find_no_mptcp(int error, struct findings *findings)
{
	struct finding *finding;

	if (error == -ENOENT) {
		finding = finding_add(findings, "no-mptcp", FINDING_ERROR);
		finding_say(finding->what, "this kernel has no MPTCP: each flow takes one link");
		finding_say(finding->remedy, "use a kernel built with CONFIG_MPTCP, 5.15 or later");
	} else {
		finding = finding_add(findings, "mptcp-off", FINDING_ERROR);
		finding_say(finding->what, "net.mptcp.enabled is 0: each flow takes one link");
		finding_say(finding->remedy, "sysctl -w net.mptcp.enabled=1, and in /etc/sysctl.d");
	}
	finding_say(finding->command, "sysctl net.mptcp.enabled");
}

static unsigned count_paths(const struct patient *patient, uint8_t router)
{
	unsigned n = 0;

	for (unsigned i = 0; i < patient->n_paths; i++)
		n += patient->path[i].router == router &&
		     !patient_path_is_absent(&patient->path[i]);
	return n;
}

/* How many subflows beside its first one a connection of these could have. */
static unsigned count_more_subflows(const struct patient *const *patients, unsigned n)
{
	unsigned most = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct conf *conf = &patients[i]->conf;

		if (!patients[i]->pid || conf->role != CONF_CLIENT)
			continue;
		for (unsigned s = 0; s < conf->n_servers; s++) {
			unsigned paths = count_paths(patients[i], conf->server[s].router);

			most = paths > most ? paths : most;
		}
	}
	return most > 0 ? most - 1 : 0;
}

static void examine_limits(struct mptcp_pm *pm, unsigned wanted, struct findings *findings)
{
	struct mptcp_limits limits;
	struct finding *finding;

	if (mptcp_pm_get_limits(pm, &limits) < 0 || limits.subflows >= wanted)
		return;
	finding = finding_add(findings, "limits", FINDING_WARNING);
	finding_say(finding->what,
		    "the kernel lets a connection have %u more subflows, and %u are needed: "
		    "something has lowered the limit after mpbridge raised it",
		    limits.subflows, wanted);
	finding_say(finding->remedy, "find what sets it (NetworkManager, mptcpd, a script), and "
				     "restart mpbridge or set it: ip mptcp limits set subflows 8");
	finding_say(finding->command, "ip mptcp limits show");
}

/* Those of processes that were not asked, or do not answer, too. */
static bool is_in_ledger(const struct store *store, const struct mptcp_endpoint *endpoint)
{
	bool is_there = false;

	for (uint32_t slot = 0; slot < SLOT_MAX && !is_there; slot++) {
		struct ledger ledger = {0};

		if (store_read(store, slot, &ledger) == 0)
			is_there = ledger_remove(&ledger, endpoint);
		ledger_exit(&ledger);
	}
	return is_there;
}

/* Of one that could not keep a ledger. */
static bool is_path(const struct patient *const *patients, unsigned n,
		    const struct address *address)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < patients[i]->n_paths; j++)
			if (address_ip_equal(&patients[i]->path[j].local, address))
				return true;
	return false;
}

static void say_foreign(const struct mptcp_endpoint *endpoint, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "foreign-endpoint", FINDING_WARNING);
	char ip[ADDRESS_TEXT_BYTES];

	finding_say(finding->what,
		    "there is an MPTCP endpoint %s that is none of a path of mpbridge: "
		    "connections may join by it, and it takes one of eight places",
		    address_format_ip(&endpoint->address, ip));
	finding_say(finding->remedy,
		    "find what makes it (NetworkManager, mptcpd, a script), and if nobody needs "
		    "it: ip mptcp endpoint delete id %u",
		    endpoint->id);
	finding_say(finding->command, "ip mptcp endpoint show");
}

static void examine_endpoints(struct mptcp_pm *pm, const struct patient *const *patients,
			      unsigned n, struct findings *findings)
{
	struct mptcp_endpoints endpoints = {0};
	struct store store;

	store_open_to_read(&store);
	mptcp_pm_dump(pm, &endpoints);
	for (size_t i = 0; i < endpoints.n; i++) {
		const struct mptcp_endpoint *endpoint = &endpoints.item[i];

		if (!(endpoint->flags & MPTCP_PM_IMPLICIT) && !is_in_ledger(&store, endpoint) &&
		    !is_path(patients, n, &endpoint->address))
			say_foreign(endpoint, findings);
	}
	array_free(&endpoints);
	store_close(&store);
}

void system_examine(const struct patient *const *patients, unsigned n, struct findings *findings)
{
	struct mptcp_pm pm = {0};
	int error = mptcp_pm_open(&pm);

	if (error == -ENOENT || error == -EOPNOTSUPP)
		find_no_mptcp(error, findings);
	if (error == 0) {
		examine_limits(&pm, count_more_subflows(patients, n), findings);
		examine_endpoints(&pm, patients, n, findings);
	}
	mptcp_pm_close(&pm);
}

/* ---- descriptors ---- */

static bool read_limit(pid_t pid, uint64_t *most)
{
	char path[32], line[256];
	bool has_found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	file = fopen(path, "re");
	while (file && !has_found && fgets(line, sizeof(line), file))
		has_found = sscanf(line, "Max open files %" SCNu64, most) == 1;
	if (file)
		fclose(file);
	return has_found;
}

static void examine_descriptors(const struct patient *patient, struct findings *findings)
{
	uint64_t most;
	struct finding *finding;

	if (!patient->pid || !read_limit(patient->pid, &most) || most >= DESCRIPTORS_FEW)
		return;
	finding = finding_add(findings, "descriptors", FINDING_WARNING);
	finding_say(finding->what,
		    "the %s with pid %d may have %" PRIu64 " descriptors in a process: a worker "
		    "carries %" PRIu64 " flows at most",
		    patient_role(patient), (int)patient->pid, most, most / DESCRIPTORS_OF_A_FLOW);
	finding_say(finding->remedy, "start it with more: ulimit -Hn 65536, or LimitNOFILE= in its "
				     "unit");
	finding_say(finding->command, "grep files /proc/%d/limits", (int)patient->pid);
}

void system_examine_patient(const struct patient *patient, struct findings *findings)
{
	examine_descriptors(patient, findings);
}
