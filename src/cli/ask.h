/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the daemons that run in this network namespace, over their control sockets. */
#ifndef MPBRIDGE_ASK_H
#define MPBRIDGE_ASK_H

#include "daemon/question.h"
#include "daemon/rendezvous.h"

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

/* Who is meant: all, or with has_role those of one role, or the one with that pid, if it is not 0.
 */
struct ask_whom {
	bool has_role;
	enum conf_role role;
	pid_t pid;
};

/* What one daemon said. */
struct ask_reply {
	struct rendezvous who;
	int error;  /* 0 or -errno */
	char *text; /* NULL with an error */
};

/* What all of them said at one time. */
struct ask_round {
	unsigned n;
	struct ask_reply reply[RENDEZVOUS_MAX];
};

/* Asks all that are meant, for at most three seconds each, to reload for thirty; the sockets of
 * killed ones do not count. To be given back with ask_free(). */
void ask_all(struct ask_round *round, const struct ask_whom *whom, const struct question *question);
void ask_free(struct ask_round *round);

/* "client" or "server". */
const char *ask_role_name(enum conf_role role);

/* Reads one of these words of a command line. False: it is none, which has been said. */
bool ask_read_role(struct ask_whom *whom, const char *command, const char *word);

/* Says why there is no reply, and that there is nobody. */
void ask_complain(FILE *out, const struct ask_reply *reply);
void ask_complain_nobody(FILE *out, const struct ask_whom *whom);

void ask_sleep_ms(long milliseconds);

#endif
