/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rendezvous: where the control sockets of this network namespace are, and how to find them. */
#ifndef MPBRIDGE_RENDEZVOUS_H
#define MPBRIDGE_RENDEZVOUS_H

#include "conf/conf.h"

#include <sys/types.h>
#include <sys/un.h>

#define RENDEZVOUS_MAX 64

/* One control socket: STORE_DIRECTORY/COOKIE.ROLE-PID.sock, the cookie of the network namespace. */
struct rendezvous {
	enum conf_role role;
	pid_t pid;
	struct sockaddr_un address;
};

struct rendezvous_list {
	unsigned n;
	struct rendezvous item[RENDEZVOUS_MAX];
};

/* Reads the name of a socket of that namespace. False: it is something else. Pure. */
bool rendezvous_parse(const char *name, uint64_t netns, struct rendezvous *out);

/* Those of this network namespace, clients first; some may be of killed processes. 0 or -errno. */
int rendezvous_find(struct rendezvous_list *list);

/*
 * Opens this process's own control socket for a daemon of `role`, for its user alone; it listens,
 * and does not block. Sockets that killed processes have left are
 * removed, those of other namespaces too. The descriptor, or
 * -errno.
 */
int rendezvous_listen(enum conf_role role, struct rendezvous *out);

/* Names the socket that another program in this process has opened so. 0 or -errno. */
int rendezvous_continue(enum conf_role role, struct rendezvous *out);

/* Removes this process's socket from the directory. */
void rendezvous_remove(const struct rendezvous *own);

/*
 * A connection, which does not block. -ECONNREFUSED: the process was killed; -EAGAIN: it is too
 * busy; -EACCES: it is another user's; or another -errno.
 */
int rendezvous_connect(const struct rendezvous *there);

#endif
