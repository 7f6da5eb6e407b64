/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reverse path filters: strict ones drop what comes by another link than the routes lead back by.
 */
#include "doctor/filter.h"

#include "paths/way.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what the kernel says ---- */

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

uint32_t filter_strict(const struct patient *patient)
{
	uint32_t strict = 0;

	for (unsigned i = 0; i < patient->n_paths; i++)
		if (patient->path[i].local.family == AF_INET &&
		    is_strict(patient->path[i].interface))
			strict |= 1u << i;
	return strict;
}

/* /proc/net/netstat has a line of names, and below it one of numbers. */
static uint64_t find_counter(FILE *file, const char *name)
{
	static char names[8192], numbers[8192];
	const char *at_name, *at_number;

	while (fgets(names, sizeof(names), file) && fgets(numbers, sizeof(numbers), file)) {
		char *rest_of_names = names, *rest_of_numbers = numbers;

		while ((at_name = strsep(&rest_of_names, " \n")) &&
		       (at_number = strsep(&rest_of_numbers, " \n")))
			if (strcmp(at_name, name) == 0)
				return strtoull(at_number, NULL, 10);
	}
	return 0;
}

uint64_t filter_count(void)
{
	FILE *file = fopen("/proc/net/netstat", "re");
	uint64_t count;

	if (!file)
		return 0;
	count = find_counter(file, "IPReversePathFilter");
	fclose(file);
	return count;
}

/* ---- what it means ---- */

/* The interface by which the main table leads to an address; 0: it does not. */
static uint32_t best_interface(const struct snapshot *snapshot, const struct address *to)
{
	struct way best = {0};
	uint32_t ifindex = 0;

	for (size_t i = 0; i < snapshot->links.n; i++) {
		const struct path path = {.ifindex = snapshot->links.item[i].ifindex};
		const struct way way = way_find(snapshot, &path, to);

		if (way_is_better(&way, &best)) {
			best = way;
			ifindex = path.ifindex;
		}
	}
	return ifindex;
}

static bool is_hit(const struct snapshot *snapshot, const struct patient_path *path)
{
	const struct rt_link *link = snapshot_link_named(snapshot, path->interface);

	return link && path->server.family == AF_INET && !patient_path_is_absent(path) &&
	       !patient_path_answers(path) &&
	       best_interface(snapshot, &path->server) != link->ifindex;
}

static void say_remedy(struct finding *finding, const char *interface)
{
	finding_say(finding->remedy, "sysctl -w net.ipv4.conf.%s.rp_filter=2, and in /etc/sysctl.d",
		    interface);
	finding_say(finding->command,
		    "sysctl net.ipv4.conf.all.rp_filter net.ipv4.conf.%s.rp_filter", interface);
}

static void judge_client(const struct patient *patient, const struct snapshot *snapshot,
			 uint32_t strict, struct findings *findings)
{
	for (unsigned i = 0; i < patient->n_paths; i++) {
		const struct patient_path *path = &patient->path[i];
		struct finding *finding;

		if (!(strict & (1u << i)) || !is_hit(snapshot, path))
			continue;
		finding = finding_add(findings, "rp-filter", FINDING_ERROR);
		finding_say(finding->what,
			    "rp_filter is 1 on %s: the kernel drops what the server sends there, "
			    "since its own route to the server is another link",
			    path->interface);
		say_remedy(finding, path->interface);
	}
}

static void judge_server(const struct patient *patient, uint32_t strict, uint64_t n_dropped,
			 struct findings *findings)
{
	for (unsigned i = 0; i < patient->n_paths && n_dropped > 0; i++) {
		struct finding *finding;

		if (!(strict & (1u << i)))
			continue;
		finding = finding_add(findings, "rp-filter", FINDING_WARNING);
		finding_say(finding->what,
			    "rp_filter is 1 on %s, and %" PRIu64
			    " packets were dropped by such filters a moment ago: a client whose "
			    "address this router's routes lead to by another link does not get in",
			    patient->path[i].interface, n_dropped);
		say_remedy(finding, patient->path[i].interface);
	}
}

void filter_judge(const struct patient *patient, const struct snapshot *snapshot, uint32_t strict,
		  uint64_t n_dropped, struct findings *findings)
{
	if (patient->conf.role == CONF_CLIENT)
		judge_client(patient, snapshot, strict, findings);
	else
		judge_server(patient, strict, n_dropped, findings);
}
