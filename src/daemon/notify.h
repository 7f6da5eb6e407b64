/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telling the service manager how the daemon is: the protocol of sd_notify(3). */
#ifndef MPBRIDGE_NOTIFY_H
#define MPBRIDGE_NOTIFY_H

/*
 * Sends the lines of `state`, as "READY=1" and "STATUS=...", to the socket that the environment
 * names in NOTIFY_SOCKET; without one, as in a shell, nothing is done. A failure is logged for
 * debugging: nobody waits for it.
 */
void notify_send(const char *state);

#endif
