/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that asks the running daemons how they are. */
#ifndef MPBRIDGE_STATUS_H
#define MPBRIDGE_STATUS_H

/*
 * argv[0] is the subcommand's name. The exit status: 0: all daemons that run here have answered; 1:
 * none runs, or one did not answer; 2: a wrong flag.
 */
int run_status(int argc, char **argv);

#endif
