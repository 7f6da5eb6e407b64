/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that has the running daemons read their configurations again. */
#ifndef MPBRIDGE_CLI_RELOAD_H
#define MPBRIDGE_CLI_RELOAD_H

/* mpbridge reload: argv[0] is the subcommand's name. Returns the exit status. */
int run_reload(int argc, char **argv);

#endif
