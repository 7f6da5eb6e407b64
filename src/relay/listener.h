/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listeners: take connections in, and stop for a while when descriptors run out. */
#ifndef MPBRIDGE_LISTENER_H
#define MPBRIDGE_LISTENER_H

#include "relay/relay.h"

/* Puts the relay's listening sockets into its loop. On failure none is left open. 0 or -errno. */
int listeners_open(struct relay *relay, const int *fds, unsigned n);

/* Closes them. Connections that nobody accepted are refused by the kernel. */
void listeners_close(struct relay *relay);

/* Frees them, once closed and outside of events. */
void listeners_free(struct relay *relay);

#endif
