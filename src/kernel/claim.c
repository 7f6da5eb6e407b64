/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Claims: names of a network namespace that one process can hold. */
#include "kernel/claim.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * Theory of operation. A claim is an abstract unix socket that is bound: such names belong to a
 * network namespace, as routes and rules do, only one process can hold one, and it is free at once
 * when that process dies, whatever it dies of. The socket is a datagram socket, so that connecting
 * to it tells whether somebody holds it; nothing is ever sent.
 */

static socklen_t address_of(const char *name, struct sockaddr_un *address)
{
	int length;

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	length = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "%s", name);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

int claim_take(const char *name)
{
	struct sockaddr_un address;
	socklen_t length = address_of(name, &address);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error;

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&address, length) == 0)
		return fd;
	error = errno == EADDRINUSE ? -EBUSY : -errno;
	close(fd);
	return error;
}

bool claim_is_held(const char *name)
{
	struct sockaddr_un address;
	socklen_t length = address_of(name, &address);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_held;

	if (fd < 0)
		return true; /* not known: then leave its things alone */
	is_held = connect(fd, (struct sockaddr *)&address, length) == 0 || errno != ECONNREFUSED;
	close(fd);
	return is_held;
}
