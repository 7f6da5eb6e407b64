/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system: what the kernel and the administrator's settings do to a bridge. */
#include "doctor/system.h"

#include "firewall/nft.h"
#include "kernel/mptcp_pm.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DESCRIPTORS_FEW	 4096u /* a flow takes two, and two more while it is spliced */
#define DESCRIPTORS_FULL 90u   /* per cent */
#define TRIAL_TABLE                                                                                \
	"table inet mpbridge_trial {\n\tchain c {\n\t\ttype filter hook prerouting priority "      \
	"mangle\n"

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

/* How many subflows beside its first one a connection of these could have. */
static unsigned count_more_subflows(const struct patient *patients, unsigned n)
{
	unsigned most = 0;

	for (unsigned i = 0; i < n; i++)
		if (patients[i].pid && patients[i].role == CONF_CLIENT &&
		    patients[i].n_paths > most)
			most = patients[i].n_paths;
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

static bool is_ours(const struct patient *patients, unsigned n, const struct address *address)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < patients[i].n_paths; j++)
			if (address_ip_equal(&patients[i].path[j].local, address))
				return true;
	return false;
}

static void examine_endpoints(struct mptcp_pm *pm, const struct patient *patients, unsigned n,
			      struct findings *findings)
{
	struct mptcp_endpoints endpoints = {0};
	char ip[ADDRESS_TEXT_BYTES];

	mptcp_pm_dump(pm, &endpoints);
	for (size_t i = 0; i < endpoints.n; i++) {
		const struct mptcp_endpoint *endpoint = &endpoints.item[i];
		struct finding *finding;

		if (endpoint->flags & MPTCP_PM_IMPLICIT || is_ours(patients, n, &endpoint->address))
			continue;
		finding = finding_add(findings, "foreign-endpoint", FINDING_WARNING);
		finding_say(finding->what,
			    "there is an MPTCP endpoint %s that is none of a path of mpbridge: "
			    "connections may join by it, and it takes one of eight places",
			    address_format_ip(&endpoint->address, ip));
		finding_say(finding->remedy,
			    "find what makes it (NetworkManager, mptcpd, a script), and remove it: "
			    "ip mptcp endpoint delete id %u",
			    endpoint->id);
		finding_say(finding->command, "ip mptcp endpoint show");
	}
	array_free(&endpoints);
}

/* ---- nft ---- */

static void examine_nft(bool wants_tproxy, struct findings *findings)
{
	char complaint[256];
	int error = nft_run(TRIAL_TABLE "\t}\n}\n", true, complaint);
	struct finding *finding;

	if (error == -ENOENT) {
		finding = finding_add(findings, "no-nft", FINDING_ERROR);
		finding_say(finding->what,
			    "there is no nft, which \"intercept\" needs: nothing is taken over");
		finding_say(finding->remedy, "install nftables");
		finding_say(finding->command, "nft --version");
	} else if (error < 0) {
		finding = finding_add(findings, "nft-refuses", FINDING_ERROR);
		finding_say(finding->what, "nft does not take a table: %s", complaint);
		finding_say(finding->remedy, "run as root, with a kernel that has nftables");
		finding_say(finding->command, "nft list ruleset");
	} else if (wants_tproxy &&
		   nft_run(TRIAL_TABLE "\t\tmeta l4proto tcp tproxy to :1\n\t}\n}\n", true,
			   complaint) < 0) {
		finding = finding_add(findings, "no-tproxy", FINDING_WARNING);
		finding_say(finding->what,
			    "nft takes no TPROXY (%s): connections are taken over by REDIRECT",
			    complaint);
		finding_say(finding->remedy, "load nft_tproxy (kmod-nft-tproxy on OpenWrt)");
		finding_say(finding->command, "modprobe nft_tproxy");
	}
}

void system_examine(const struct patient *patients, unsigned n, struct findings *findings)
{
	bool intercepts = false, wants_tproxy = false;
	struct mptcp_pm pm = {0};
	int error = mptcp_pm_open(&pm);

	if (error == -ENOENT || error == -EOPNOTSUPP)
		find_no_mptcp(error, findings);
	if (error == 0) {
		examine_limits(&pm, count_more_subflows(patients, n), findings);
		examine_endpoints(&pm, patients, n, findings);
	}
	mptcp_pm_close(&pm);
	for (unsigned i = 0; i < n; i++) {
		intercepts = intercepts || patients[i].intercepts;
		wants_tproxy = wants_tproxy || patients[i].wants_tproxy;
	}
	if (intercepts)
		examine_nft(wants_tproxy, findings);
}

/* ---- reverse path filters ---- */

static int read_setting(const char *interface)
{
	char path[64 + IF_NAMESIZE];
	FILE *file;
	int value = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/rp_filter", interface);
	file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%d", &value) != 1)
		value = 0;
	fclose(file);
	return value;
}

/* The kernel takes the larger one (IN_DEV_RPFILTER(), include/linux/inetdevice.h). */
static bool is_strict(const char *interface)
{
	int all = read_setting("all"), own = read_setting(interface);

	return (all > own ? all : own) == 1;
}

/* Whether other links lead to the same server: then what comes by this one may seem to come wrong.
 */
static bool shares_server(const struct patient *patient, unsigned i)
{
	const struct patient_path *path = &patient->path[i];

	for (unsigned j = 0; j < patient->n_paths; j++)
		if (strcmp(patient->path[j].interface, path->interface) != 0 &&
		    address_ip_equal(&patient->path[j].server, &path->server))
			return true;
	return false;
}

static void examine_filters(const struct patient *patient, struct findings *findings)
{
	for (unsigned i = 0; i < patient->n_paths; i++) {
		const struct patient_path *path = &patient->path[i];
		struct finding *finding;

		if (path->server.family != AF_INET || !is_strict(path->interface) ||
		    !shares_server(patient, i) || strcmp(path->state, "up") == 0)
			continue;
		finding = finding_add(findings, "rp-filter", FINDING_ERROR);
		finding_say(finding->what,
			    "rp_filter is 1 on %s: the kernel drops what the server sends there, "
			    "since its own route to the server is another link",
			    path->interface);
		finding_say(finding->remedy,
			    "sysctl -w net.ipv4.conf.%s.rp_filter=2 (and .all., "
			    "where that is 1)",
			    path->interface);
		finding_say(finding->command,
			    "sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.%s.rp_filter",
			    path->interface);
	}
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
		    patient->role == CONF_CLIENT ? "client" : "server", (int)patient->pid, most,
		    most / 4);
	finding_say(finding->remedy, "start it with more: ulimit -Hn 65536, or LimitNOFILE= in its "
				     "unit");
	finding_say(finding->command, "grep files /proc/%d/limits", (int)patient->pid);
}

void system_examine_patient(const struct patient *patient, struct findings *findings)
{
	if (patient->role == CONF_CLIENT)
		examine_filters(patient, findings);
	examine_descriptors(patient, findings);
}
