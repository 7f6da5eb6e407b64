/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommands that run a bridge's end. */
#include "cli/run.h"

#include "base/log.h"
#include "base/secret.h"
#include "conf/conf.h"
#include "conf/messages.h"
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

static int run(enum conf_role role, int argc, char **argv)
{
	static struct messages errors, notes; /* too large for a small stack */
	static struct conf conf;
	int status = EXIT_CONFIGURATION;

	if (conf_asks_help(role, argc, argv)) {
		conf_print_help(stdout, role);
		return EXIT_SUCCESS;
	}
	privilege_hide_memory(); /* before a password is read */
	if (conf_read(role, argc, argv, &conf, &errors, &notes) < 0) {
		print_errors(&errors);
	} else {
		if (conf.is_verbose)
			log_set_level(LOG_LEVEL_DEBUG);
		log_notes(&notes);
		status = supervisor_run(&conf);
		conf_exit(&conf);
		secret_wipe_all();
	}
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
