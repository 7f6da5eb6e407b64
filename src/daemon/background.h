/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running in the background with a pid file, as ss-redir -f does. */
#ifndef MPBRIDGE_BACKGROUND_H
#define MPBRIDGE_BACKGROUND_H

/* All but the last do nothing where pid_file is "": the program stays in the foreground. */

/*
 * Forks. The parent waits until the child is ready, or has failed, and exits with its fate; so the
 * shell gets its prompt back when connections work, not earlier. Returns in the child: 0 or -errno.
 */
int background_start(const char *pid_file);

/* Another program ran in this process before, and has gone to the background already. */
void background_continue(const char *pid_file);

/*
 * The child accepts connections: writes the pid file, lets the parent go, lets go of terminal and
 * working directory, and logs to syslog from now on.
 */
void background_ready(const char *pid_file);

/* Removes the pid file, if background_ready() wrote it. */
void background_exit(void);

#endif
