/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The examination: asks the daemons, reads the file, and has src/doctor/ look at all of it. */
#include "cli/examination.h"

#include "base/log.h"
#include "base/secret.h"
#include "base/time.h"
#include "crypto/crypto.h"
#include "daemon/privilege.h"
#include "daemon/resolve.h"
#include "doctor/clock.h"
#include "doctor/filter.h"
#include "doctor/flows.h"
#include "doctor/links.h"
#include "doctor/probe.h"
#include "doctor/rules.h"
#include "doctor/secondary.h"
#include "doctor/system.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATIENTS_MOST (RENDEZVOUS_MAX + 1) /* and that of a file */

/* Two looks at one of them: what is the case for a moment only is no finding. */
struct case_history {
	struct patient *now, *before; /* NULL: it was not there, or did not answer */
};

struct examination {
	struct findings findings;
	struct case_history patient[PATIENTS_MOST];
	unsigned n;
	unsigned n_silent; /* run, and do not answer */
	struct snapshot snapshot;
	bool has_snapshot;
	uint64_t n_dropped; /* packets between the two looks, by reverse path filters */
};

/* ---- the daemons that run ---- */

static void say_silent(const struct ask_reply *reply, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "no-answer", FINDING_ERROR);

	finding_say(finding->what, "the %s with pid %d does not say how it is: %s",
		    ask_role_name(reply->who.role), (int)reply->who.pid,
		    reply->error ? strerror(-reply->error) : "not an answer");
	finding_say(finding->remedy, "%s",
		    reply->error == -EACCES ? "run doctor as root, or as the user that it runs as"
					    : "if it hangs, look at its log and restart it");
	finding_say(finding->command, "grep State /proc/%d/status", (int)reply->who.pid);
}

/* What it says; NULL: nothing, or there is no memory. To be given to free(). */
static struct patient *patient_of(const struct ask_reply *reply)
{
	struct patient *patient = reply->error ? NULL : malloc(sizeof(*patient));

	if (patient && patient_read(patient, reply->text, reply->who.pid))
		return patient;
	free(patient);
	return NULL;
}

static struct patient *patient_with(const struct ask_round *round, pid_t pid)
{
	for (unsigned i = 0; i < round->n; i++)
		if (round->reply[i].who.pid == pid)
			return patient_of(&round->reply[i]);
	return NULL;
}

/* A client greets every five seconds: where some were refused, a look later tells if more are. */
static long between_ms(const struct ask_round *before)
{
	long ms = FLOWS_BETWEEN_MS;

	for (unsigned i = 0; i < before->n; i++) {
		struct patient *patient = patient_of(&before->reply[i]);

		if (patient && patient->refused_for_time > 0)
			ms = CLOCK_BETWEEN_MS;
		free(patient);
	}
	return ms;
}

static void look_twice(const struct ask_whom *whom, struct examination *all)
{
	static const struct question question = {.has_flows = true};
	static struct ask_round before, now;
	uint64_t dropped = filter_count();

	ask_all(&before, whom, &question);
	if (before.n > 0)
		ask_sleep_ms(between_ms(&before));
	ask_all(&now, whom, &question);
	all->n_dropped = filter_count() - dropped;
	for (unsigned i = 0; i < now.n; i++) {
		struct patient *patient = patient_of(&now.reply[i]);

		if (patient)
			all->patient[all->n++] =
				(struct case_history){patient, patient_with(&before, patient->pid)};
		else
			say_silent(&now.reply[i], &all->findings);
		all->n_silent += !patient;
	}
	ask_free(&before);
	ask_free(&now);
}

static void note_nobody(struct findings *findings)
{
	struct finding *finding = finding_add(findings, "not-running", FINDING_NOTE);

	finding_say(finding->what, "no mpbridge runs in this network namespace");
	finding_say(finding->remedy,
		    "start one, or look at a file: mpbridge doctor client -c FILE");
	finding_say(finding->command, "mpbridge status");
}

/* ---- the links ---- */

static void look_at_links(struct examination *all)
{
	struct netlink route = {0};
	int error = netlink_open(&route, NETLINK_ROUTE);
	struct finding *finding;

	if (!error)
		error = snapshot_take(&all->snapshot, &route, NULL);
	netlink_close(&route);
	all->has_snapshot = !error;
	if (!error)
		return;
	finding = finding_add(&all->findings, "no-snapshot", FINDING_ERROR);
	finding_say(finding->what, "the kernel does not tell of links and routes: %s",
		    strerror(-error));
	finding_say(finding->remedy, "run doctor as root");
	finding_say(finding->command, "ip link show; ip route show");
}

/* ---- a file ---- */

static void add_mistakes(const struct messages *errors, const char *file, struct findings *findings)
{
	for (unsigned i = 0; i < messages_kept(errors); i++) {
		struct finding *finding = finding_add(findings, "configuration", FINDING_ERROR);

		finding_say(finding->what, "%s", errors->text[i]);
		finding_say(finding->remedy, "mend the file; mpbridge.conf(5) has the keys");
		finding_say(finding->command, "cat %s", file);
	}
}

/* What the daemon would log when it does not start. */
static char last_complaint[FINDING_TEXT_BYTES];

static void keep_complaint(enum log_level level, const char *text)
{
	if (level == LOG_LEVEL_ERROR)
		snprintf(last_complaint, sizeof(last_complaint), "%s", text);
}

static bool resolve(struct conf *conf, struct findings *findings)
{
	struct privilege_user user;
	struct finding *finding;

	if (privilege_find_user(conf->user, &user) == 0 && resolve_servers(conf, &user) == 0)
		return true;
	finding = finding_add(findings, "no-start", FINDING_ERROR);
	finding_say(finding->what, "a %s with this file does not start: %s",
		    ask_role_name(conf->role),
		    last_complaint[0] ? last_complaint : "a name cannot be looked up");
	finding_say(finding->remedy, "correct the file, or the name servers of this router");
	finding_say(finding->command, "cat /etc/resolv.conf");
	return false;
}

static void add_file(struct conf *conf, struct examination *all)
{
	struct patient *patient = malloc(sizeof(*patient));

	if (!patient || !resolve(conf, &all->findings)) {
		free(patient);
		return;
	}
	patient_of_conf(patient, conf);
	if (all->has_snapshot)
		links_find_paths(patient, &all->snapshot);
	links_try_listeners(patient, &all->findings);
	all->patient[all->n++] = (struct case_history){patient, NULL};
}

static void examine_file(enum conf_role role, char *file, struct examination *all)
{
	static struct messages errors, notes; /* too large for a small stack */
	static char flag[] = "-c", name[] = "mpbridge";
	struct conf *conf = calloc(1, sizeof(*conf));
	char *argv[] = {name, flag, file, NULL};

	privilege_hide_memory();
	if (conf && conf_read(role, 3, argv, conf, &errors, &notes) == 0) {
		add_file(conf, all);
		conf_exit(conf);
	}
	add_mistakes(&errors, file, &all->findings);
	free(conf);
	secret_wipe_all();
	crypto_exit();
}

/* ---- all of it ---- */

static void examine_system(struct examination *all)
{
	const struct patient *patients[PATIENTS_MOST];

	for (unsigned i = 0; i < all->n; i++)
		patients[i] = all->patient[i].now;
	system_examine(patients, all->n, &all->findings);
	rules_try(patients, all->n, &all->findings);
}

static void examine_links(struct examination *all, const struct patient *patient)
{
	struct findings *findings = &all->findings;

	links_judge(patient, &all->snapshot, findings);
	filter_judge(patient, &all->snapshot, filter_strict(patient), all->n_dropped, findings);
	if (patient->conf.role == CONF_CLIENT)
		probe_paths(patient, &all->snapshot, findings);
}

static void examine_patient(struct examination *all, const struct case_history *history)
{
	struct findings *findings = &all->findings;
	struct secondary_means means;

	secondary_look(history->now, &means);
	secondary_judge(history->now, history->before, &means, findings);
	flows_judge(history->now, history->before, findings);
	clock_judge(history->now, history->before, time_unix_s(), clock_is_synchronised(),
		    findings);
	rules_judge(history->now, findings);
	system_examine_patient(history->now, findings);
	if (all->has_snapshot)
		examine_links(all, history->now);
}

static void forget(struct examination *all)
{
	for (unsigned i = 0; i < all->n; i++) {
		free(all->patient[i].now);
		free(all->patient[i].before);
	}
	snapshot_exit(&all->snapshot);
}

static void examine(struct examination *all, const struct ask_whom *whom, char *file)
{
	const struct ask_whom everybody = {0};

	log_use_sink(keep_complaint);
	look_twice(file ? &everybody : whom, all);
	look_at_links(all);
	if (file)
		examine_file(whom->role, file, all);
	else if (all->n == 0 && all->n_silent == 0)
		note_nobody(&all->findings);
	examine_system(all);
	for (unsigned i = 0; i < all->n; i++)
		examine_patient(all, &all->patient[i]);
}

void examination_make(const struct ask_whom *whom, char *file, struct findings *findings)
{
	static struct examination all;

	examine(&all, whom, file);
	forget(&all);
	*findings = all.findings;
	findings_sort(findings);
}
