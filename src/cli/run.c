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

#include <stdio.h>
#include <stdlib.h>

#define EXIT_CONFIGURATION 2

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

static int start(const struct conf_source *source, int argc, char **argv)
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
	return supervisor_run(conf, source);
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
		status = start(&source, argc, argv);
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
