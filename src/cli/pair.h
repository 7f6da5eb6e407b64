/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that writes the configurations of a client and its server. */
#ifndef MPBRIDGE_PAIR_H
#define MPBRIDGE_PAIR_H

/* argv[0] is the subcommand's name. The exit status: 0, 1 for a failure, 2 for a wrong line. */
int run_pair(int argc, char **argv);

#endif
