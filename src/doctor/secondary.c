/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secondary paths: whether a scavenger looks after them, and why not. */
#include "doctor/secondary.h"

#include "kernel/scavenger.h"

#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BTF	    "/sys/kernel/btf/vmlinux"
#define NAMES_BYTES 80
#define MEANING	    "; the links are left alone now and then instead, and others lose more to us"

/* ---- looking ---- */

static bool has(uint64_t capabilities, unsigned which)
{
	return capabilities >> which & 1;
}

/* As bpf_capable() and perfmon_capable() of the kernel have it. */
bool secondary_read_capabilities(const char *line, bool *may_load)
{
	uint64_t effective;

	if (sscanf(line, "CapEff: %" SCNx64, &effective) != 1)
		return false;
	*may_load = has(effective, CAP_SYS_ADMIN) ||
		    (has(effective, CAP_BPF) && has(effective, CAP_PERFMON));
	return true;
}

/* Of a process that cannot be looked at: true. */
static bool may_load(pid_t pid)
{
	char path[32], line[256];
	bool may_load = true, has_found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	file = fopen(path, "re");
	while (file && !has_found && fgets(line, sizeof(line), file))
		has_found = secondary_read_capabilities(line, &may_load);
	if (file)
		fclose(file);
	return may_load;
}

void secondary_look(const struct patient *patient, struct secondary_means *out)
{
	out->is_built = scavenger_is_built();
	out->has_btf = access(BTF, R_OK) == 0;
	out->fits_kernel = scavenger_fits_kernel();
	out->may_load = !patient->pid || may_load(patient->pid);
}

/* ---- this end ---- */

static bool lacks(const struct patient *patient, const struct patient_path *path,
		  const struct secondary_means *means)
{
	if (!path->is_secondary || patient_path_is_absent(path))
		return false;
	return patient->pid ? path->lacks_scavenger : !means->is_built || !means->fits_kernel;
}

static bool has_name(const char *names, const char *name)
{
	size_t length = strlen(name);

	for (const char *at = strstr(names, name); at; at = strstr(at + 1, name))
		if ((at == names || at[-1] == ' ') && (at[length] == ',' || at[length] == '\0'))
			return true;
	return false;
}

/* Each interface once, though it may have a path to each of several routers. */
static void add_name(char names[static NAMES_BYTES], const char *name)
{
	size_t length = strlen(names);

	if (!has_name(names, name))
		snprintf(names + length, NAMES_BYTES - length, "%s%s", length ? ", " : "", name);
}

enum lack { LACK_BUILD, LACK_BTF, LACK_KERNEL, LACK_CAPABILITIES, LACK_UNKNOWN };

static const struct {
	const char *why, *remedy, *command;
} lacks_of[] = {
	[LACK_BUILD] = {"this program was built without one",
			"build it with clang and libbpf (meson's option bpf)", "mpbridge doctor"},
	[LACK_BTF] = {"this kernel has no BTF",
		      "use a kernel of 6.4 or later with CONFIG_DEBUG_INFO_BTF", "ls -l " BTF},
	[LACK_KERNEL] = {"this kernel has BTF, but is older than 6.4, or has no CONFIG_BPF_JIT",
			 "use a kernel of 6.4 or later with CONFIG_DEBUG_INFO_BTF and "
			 "CONFIG_BPF_JIT",
			 "uname -r"},
	[LACK_CAPABILITIES] = {"it has not both CAP_BPF and CAP_PERFMON",
			       "run it as root or with both; its unit has to let it call bpf(), "
			       "too",
			       NULL},
	[LACK_UNKNOWN] = {"its log says why, or the path has a \"congestion\" of its own",
			  "look at what it logged about secondary links",
			  "journalctl -t mpbridge, or logread -e mpbridge"},
};

static enum lack lack_of(const struct secondary_means *means)
{
	if (!means->is_built)
		return LACK_BUILD;
	if (!means->has_btf)
		return LACK_BTF;
	if (!means->fits_kernel)
		return LACK_KERNEL;
	return means->may_load ? LACK_UNKNOWN : LACK_CAPABILITIES;
}

static void say_here(const struct patient *patient, enum lack lack, const char *names,
		     struct findings *findings)
{
	struct finding *finding = finding_add(findings, "no-scavenger", FINDING_NOTE);

	finding_say(finding->what,
		    "secondary links (%s): the %s has no scavenger for what it sends: %s" MEANING,
		    names, patient_role(patient), lacks_of[lack].why);
	finding_say(finding->remedy, "%s", lacks_of[lack].remedy);
	if (lacks_of[lack].command)
		finding_say(finding->command, "%s", lacks_of[lack].command);
	else
		finding_say(finding->command, "grep CapEff /proc/%d/status", (int)patient->pid);
}

static void judge_here(const struct patient *patient, const struct secondary_means *means,
		       struct findings *findings)
{
	char names[NAMES_BYTES] = "";

	for (unsigned i = 0; i < patient->n_paths; i++)
		if (lacks(patient, &patient->path[i], means))
			add_name(names, patient->path[i].interface);
	if (names[0])
		say_here(patient, lack_of(means), names, findings);
}

/* ---- the far end ---- */

/* It has said so in both looks: it loads one when the first client needs it. */
static bool lacks_far(const struct patient *before, const struct patient_path *path)
{
	const struct patient_path *then = patient_find_path(before, path);

	return path->lacks_far_scavenger && patient_path_answers(path) && then &&
	       then->lacks_far_scavenger && patient_path_answers(then);
}

static void judge_there(const struct patient *patient, const struct patient *before,
			struct findings *findings)
{
	char names[NAMES_BYTES] = "";
	struct finding *finding;

	for (unsigned i = 0; i < patient->n_paths; i++)
		if (lacks_far(before, &patient->path[i]))
			add_name(names, patient->path[i].interface);
	if (!names[0])
		return;
	finding = finding_add(findings, "no-far-scavenger", FINDING_NOTE);
	finding_say(finding->what,
		    "secondary links (%s): the server has no scavenger for what it sends" MEANING,
		    names);
	finding_say(finding->remedy, "run mpbridge doctor on the server router: it says why");
	finding_say(finding->command, "mpbridge doctor (on the server router)");
}

void secondary_judge(const struct patient *patient, const struct patient *before,
		     const struct secondary_means *means, struct findings *findings)
{
	judge_here(patient, means, findings);
	if (before)
		judge_there(patient, before, findings);
}
