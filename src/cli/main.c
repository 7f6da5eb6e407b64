/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mpbridge: bonds the links between two routers. */
#include "cli/doctor.h"
#include "cli/keygen.h"
#include "cli/pair.h"
#include "cli/reload.h"
#include "cli/run.h"
#include "cli/status.h"
#include "daemon/upgrade.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct subcommand {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *purpose;
} subcommands[] = {
	{"client", run_client, "carry intercepted connections to the far router"},
	{"server", run_server, "take them in from there and connect to their destinations"},
	{"status", run_status, "tell how those that run here are"},
	{"reload", run_reload, "have those that run here read their files again"},
	{"doctor", run_doctor, "tell what keeps them from working as they could"},
	{"pair", run_pair, "write the files of a client and its server, with a new key"},
	{"keygen", run_keygen, "print a new key"},
};

#define N_SUBCOMMANDS (sizeof(subcommands) / sizeof(subcommands[0]))

static void print_usage(FILE *out)
{
	fprintf(out, "usage: mpbridge SUBCOMMAND [FLAG ...]\n\n");
	for (size_t i = 0; i < N_SUBCOMMANDS; i++)
		fprintf(out, "  mpbridge %-8s %s\n", subcommands[i].name, subcommands[i].purpose);
	fprintf(out, "\n  mpbridge SUBCOMMAND --help   its flags and the keys of its file\n"
		     "  mpbridge --version           the version\n\n"
		     "See mpbridge(8) and mpbridge.conf(5).\n");
}

static bool is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	for (size_t i = 0; i < N_SUBCOMMANDS; i++)
		if (strcmp(word, subcommands[i].name) == 0)
			return subcommands[i].run(argc - 1, argv + 1);
	if (strcmp(word, UPGRADE_TRY) == 0)
		return run_try(argc - 1, argv + 1);
	if (is_one_of(word, "--version", "-V")) {
		puts("mpbridge " MPBRIDGE_VERSION);
		return EXIT_SUCCESS;
	}
	if (is_one_of(word, "--help", "-h") || strcmp(word, "help") == 0) {
		print_usage(stdout);
		return EXIT_SUCCESS;
	}
	if (word[0] != '\0')
		fprintf(stderr, "mpbridge: there is no subcommand \"%s\"\n", word);
	print_usage(stderr);
	return 2;
}
