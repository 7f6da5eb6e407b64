/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommands that run a bridge's end. */
#include "cli/run.h"

#include "base/log.h"
#include "base/secret.h"
#include "conf/messages.h"
#include "conf/source.h"
#include "crypto/crypto.h"
#include "daemon/privilege.h"
#include "daemon/supervisor.h"
#include "daemon/upgrade.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_CONFIGURATION 2
#define EXIT_USAGE	   2

static void print_errors(const struct messages *errors)
{
	for (unsigned i = 0; i < messages_kept(errors); i++)
		fprintf(stderr, "mpbridge: %s\n", errors->text[i]);
	if (errors->count > messages_kept(errors))
		fprintf(stderr, "mpbridge: and %u more mistakes\n",
			errors->count - messages_kept(errors));
}

static void log_notes(const struct messages *notes)
{
	for (unsigned i = 0; i < messages_kept(notes); i++)
		log_info("%s", notes->text[i]);
}

static int start(const struct conf_source *source, int argc, char **argv,
		 const struct handover *from)
{
	static struct messages errors, notes; /* too large for a small stack */
	struct conf *conf = calloc(1, sizeof(*conf));

	if (!conf) {
		fprintf(stderr, "mpbridge: no memory\n");
		return EXIT_FAILURE;
	}
	if (conf_read(source->role, argc, argv, conf, &errors, &notes) < 0) {
		print_errors(&errors);
		free(conf);
		return EXIT_CONFIGURATION;
	}
	if (conf->is_verbose)
		log_set_level(LOG_LEVEL_DEBUG);
	log_notes(&notes);
	return supervisor_run(conf, source, from);
}

static int begin(const struct conf_source *source, int argc, char **argv)
{
	static struct handover handover; /* too large for a small stack */
	int has_predecessor = handover_receive(&handover);

	if (has_predecessor < 0) {
		log_error("what the program before has left cannot be understood");
		return EXIT_FAILURE;
	}
	return start(source, argc, argv, has_predecessor ? &handover : NULL);
}

static int run(enum conf_role role, int argc, char **argv)
{
	struct conf_source source = {0};
	int status = EXIT_FAILURE;

	if (conf_asks_help(role, argc, argv)) {
		conf_print_help(stdout, role);
		return EXIT_SUCCESS;
	}
	privilege_hide_memory(); /* before a password is read */
	if (conf_source_open(&source, role, argc, argv) < 0)
		fprintf(stderr, "mpbridge: no memory\n");
	else
		status = begin(&source, argc, argv);
	conf_source_close(&source);
	secret_wipe_all();
	crypto_exit();
	return status;
}

int run_client(int argc, char **argv)
{
	return run(CONF_CLIENT, argc, argv);
}

int run_server(int argc, char **argv)
{
	return run(CONF_SERVER, argc, argv);
}

/* The errors are what the program that runs reads; it knows the notes, or will see them. */
static int try_conf(struct conf *conf, enum conf_role role, int argc, char **argv)
{
	static struct messages errors, notes;
	static struct handover handover;
	int error;

	log_set_level(LOG_LEVEL_ERROR);
	if (handover_receive(&handover) != 1) {
		log_error("this is for a program that takes the place of another version");
		return EXIT_USAGE;
	}
	if (conf_read(role, argc, argv, conf, &errors, &notes) < 0) {
		print_errors(&errors);
		return EXIT_CONFIGURATION;
	}
	error = upgrade_try(conf, &handover);
	conf_exit(conf);
	if (error < 0)
		return EXIT_FAILURE;
	printf(UPGRADE_PROMISE MPBRIDGE_VERSION "\n");
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

int run_try(int argc, char **argv)
{
	const char *role = argc > 1 ? argv[1] : "";
	struct conf *conf = calloc(1, sizeof(*conf));
	int status = EXIT_USAGE;

	privilege_hide_memory();
	if (conf && argc > 1)
		status = try_conf(conf, strcmp(role, "server") == 0 ? CONF_SERVER : CONF_CLIENT,
				  argc - 1, argv + 1);
	free(conf);
	secret_wipe_all();
	crypto_exit();
	return status;
}
