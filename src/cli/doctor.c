/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that finds out what keeps a bridge from working as it could. */
#include "cli/doctor.h"

#include "base/secret.h"
#include "cli/ask.h"
#include "crypto/crypto.h"
#include "daemon/privilege.h"
#include "doctor/patient.h"
#include "doctor/probe.h"
#include "doctor/system.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXIT_CANNOT   3
#define BETWEEN_MS    1500 /* two looks at the same daemon */
#define PATIENTS_MOST 16

struct request {
	struct ask_whom whom;
	char *file; /* NULL: none */
	bool is_json, is_help;
};

struct patients {
	unsigned n;
	struct patient now[PATIENTS_MOST], before[PATIENTS_MOST];
};

static void print_usage(FILE *out)
{
	fputs("usage: mpbridge doctor [client | server] [--json]\n"
	      "       mpbridge doctor client|server -c FILE [--json]\n\n"
	      "Looks for what keeps the daemons that run in this network namespace from working\n"
	      "as they could, or would keep one with this file. The worst comes first. Nothing\n"
	      "is changed.\n\n"
	      "  -c, --config FILE   of a daemon that does not run yet\n"
	      "  -j, --json          print a JSON array\n"
	      "  -h, --help          print this\n\n"
	      "The exit status is 0 if there is nothing but notes, 1 with warnings, 2 with "
	      "errors,\n"
	      "and 3 if it could not look. See mpbridge(8).\n",
	      out);
}

/* ---- the daemons that run ---- */

static void look(const struct ask_whom *whom, struct patients *patients, struct patient *out,
		 struct findings *findings)
{
	static const struct question question;
	static struct ask_round round;

	ask_all(&round, whom, &question);
	patients->n = 0;
	for (unsigned i = 0; i < round.n && patients->n < PATIENTS_MOST; i++) {
		const struct ask_reply *reply = &round.reply[i];
		struct finding *finding;

		if (!reply->error && patient_read(&out[patients->n], reply->text, reply->who.pid)) {
			patients->n++;
		} else if (findings) {
			finding = finding_add(findings, "no-answer", FINDING_ERROR);
			finding_say(finding->what, "the %s with pid %d does not say how it is: %s",
				    ask_role_name(reply->who.role), (int)reply->who.pid,
				    reply->error ? strerror(-reply->error) : "not an answer");
			finding_say(finding->remedy,
				    "run doctor as root; if it hangs, look at its log and restart "
				    "it");
			finding_say(finding->command, "ps -o pid,stat,args -p %d",
				    (int)reply->who.pid);
		}
	}
	ask_free(&round);
}

/* What is the case for a moment only is no finding. */
static void look_twice(const struct ask_whom *whom, struct patients *patients,
		       struct findings *findings)
{
	look(whom, patients, patients->before, NULL);
	if (patients->n > 0)
		ask_sleep_ms(BETWEEN_MS);
	look(whom, patients, patients->now, findings);
}

static void note_nobody(struct findings *findings)
{
	struct finding *finding = finding_add(findings, "not-running", FINDING_NOTE);

	finding_say(finding->what, "no mpbridge runs in this network namespace");
	finding_say(finding->remedy,
		    "start one, or look at a file: mpbridge doctor client -c FILE");
	finding_say(finding->command, "mpbridge status");
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

static void examine_file(const struct request *request, struct patients *patients,
			 struct findings *findings)
{
	static struct messages errors, notes; /* too large for a small stack */
	static char flag[] = "-c", name[] = "mpbridge";
	struct conf *conf = calloc(1, sizeof(*conf));
	char *argv[] = {name, flag, request->file, NULL};
	struct patient *patient = &patients->now[patients->n];

	privilege_hide_memory();
	if (conf && conf_read(request->whom.role, 3, argv, conf, &errors, &notes) == 0) {
		patient_of_conf(patient, conf);
		patients->before[patients->n++] = *patient;
		conf_exit(conf);
	}
	add_mistakes(&errors, request->file, findings);
	free(conf);
	secret_wipe_all();
	crypto_exit();
}

/* ---- the command line ---- */

static bool read_arguments(struct request *request, int argc, char **argv)
{
	static const struct option flags[] = {
		{"config", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	static char name[] = "mpbridge: doctor";
	int flag;

	argv[0] = name;
	while ((flag = getopt_long(argc, argv, "c:jh", flags, NULL)) != -1) {
		if (flag == 'c')
			request->file = optarg;
		else if (flag == 'j')
			request->is_json = true;
		else if (flag == 'h')
			request->is_help = true;
		else
			return false;
	}
	for (int i = optind; i < argc; i++)
		if (!ask_read_role(&request->whom, "doctor", argv[i]))
			return false;
	if (request->file && !request->whom.has_role) {
		fputs("mpbridge: doctor: is the file a client's or a server's?\n", stderr);
		return false;
	}
	return true;
}

static int exit_status(enum finding_severity worst)
{
	switch (worst) {
	case FINDING_ERROR:
		return 2;
	case FINDING_WARNING:
		return 1;
	case FINDING_NOTE:
		break;
	}
	return 0;
}

static int examine(const struct request *request)
{
	static struct patients patients;
	const struct ask_whom everybody = {0};
	struct findings findings = {0};
	int status;

	look_twice(request->file ? &everybody : &request->whom, &patients, &findings);
	if (request->file)
		examine_file(request, &patients, &findings);
	else if (patients.n == 0)
		note_nobody(&findings);
	system_examine(patients.now, patients.n, &findings);
	for (unsigned i = 0; i < patients.n; i++) {
		patient_judge(&patients.now[i], &patients.before[i], &findings);
		system_examine_patient(&patients.now[i], &findings);
		if (patients.now[i].role == CONF_CLIENT)
			probe_paths(&patients.now[i], &findings);
	}
	findings_sort(&findings);
	if (request->is_json)
		findings_print_json(stdout, &findings);
	else
		findings_print(stdout, &findings);
	status = exit_status(findings_worst(&findings));
	findings_free(&findings);
	return fflush(stdout) == 0 ? status : EXIT_CANNOT;
}

int run_doctor(int argc, char **argv)
{
	struct request request = {0};

	if (!read_arguments(&request, argc, argv)) {
		print_usage(stderr);
		return EXIT_CANNOT;
	}
	if (request.is_help) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (geteuid() != 0)
		fputs("mpbridge: doctor: not as root, much cannot be looked at\n", stderr);
	return examine(&request);
}
