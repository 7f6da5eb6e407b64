/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The subcommand that makes a key. */
#ifndef MPBRIDGE_KEYGEN_H
#define MPBRIDGE_KEYGEN_H

#include "shadowsocks/key.h"

/*
 * Writes a new random key of a method that has one, as a configuration takes it in "password": for
 * the methods of 2017 that is a password which no list holds. 0 or -errno; wipe it with
 * crypto_wipe().
 */
int keygen_write(const struct method *method, char buf[static KEY_TEXT_BYTES]);

/* argv[0] is the subcommand's name. The exit status: 0, 1 for a failure, 2 for a wrong line. */
int run_keygen(int argc, char **argv);

#endif
