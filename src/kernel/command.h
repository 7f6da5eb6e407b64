/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Another program, run as a child and waited for. */
#ifndef MPBRIDGE_COMMAND_H
#define MPBRIDGE_COMMAND_H

struct command {
	const char *program; /* a path, or a name that is looked for in the environment's PATH */
	char *const *argv;
	char **environment;
	const char *input; /* what it reads on its standard input, ended by NUL */
	unsigned limit_ms; /* then it is killed */
	/* In the child, before the program runs: 0, or it does not run. NULL: nothing to do. */
	int (*prepare)(void *owner);
	void *owner;
};

/* What it wrote, ended by NUL, to be given back with command_result_free(). NULL: not known. */
struct command_result {
	char *output, *complaint; /* on its standard output and error */
};

/*
 * Runs the program and waits for its end. 0: its status was 0. -ENOENT: there is no such program;
 * -ETIMEDOUT: it was killed; -EINVAL: another status; or another -errno. *result is to be freed in
 * each case. No descriptor is handed on but the standard ones and those that are not
 * close-on-exec; no signal is blocked.
 */
int command_run(const struct command *command, struct command_result *result);

void command_result_free(struct command_result *result);

#endif
