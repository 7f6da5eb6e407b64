/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that finds out what keeps a bridge from working as it could. */
#include "cli/doctor.h"

#include "cli/ask.h"
#include "cli/examination.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#define EXIT_CANNOT 3

struct request {
	struct ask_whom whom;
	char *file; /* NULL: none */
	bool is_json, is_help;
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

static int report(const struct request *request, const struct findings *findings)
{
	int status = exit_status(findings_worst(findings));

	if (request->is_json)
		findings_print_json(stdout, findings);
	else
		findings_print(stdout, findings);
	return fflush(stdout) == 0 ? status : EXIT_CANNOT;
}

int run_doctor(int argc, char **argv)
{
	struct request request = {0};
	struct findings findings = {0};
	int status;

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
	examination_make(&request.whom, request.file, &findings);
	status = report(&request, &findings);
	findings_free(&findings);
	return status;
}
