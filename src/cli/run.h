/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommands that run a bridge's end. */
#ifndef MPBRIDGE_RUN_H
#define MPBRIDGE_RUN_H

#include <stdbool.h>

/* argv[0] is the subcommand's name. The exit status: 0, 1 for a failure, 2 for a wrong
 * configuration. */
int run_client(int argc, char **argv);
int run_server(int argc, char **argv);

/* For another version of the program, which runs: whether this one could take its place. The role
 * and its flags follow. */
int run_try(int argc, char **argv);

#endif
