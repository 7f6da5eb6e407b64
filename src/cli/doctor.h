/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that finds out what keeps a bridge from working as it could. */
#ifndef MPBRIDGE_CLI_DOCTOR_H
#define MPBRIDGE_CLI_DOCTOR_H

/* argv[0] is the subcommand's name. The exit status: 0 nothing or notes, 1 warnings, 2 errors, 3 it
 * could not look. */
int run_doctor(int argc, char **argv);

#endif
