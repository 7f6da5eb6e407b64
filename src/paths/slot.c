/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slots: which tables and rules belong to which mpbridge process of a network namespace. */
#include "paths/slot.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * Theory of operation. A slot is an abstract unix socket that is bound: such names belong to a
 * network namespace, as routes and rules do, only one process can hold one, and it is free at once
 * when that process dies, whatever it dies of. The socket is a datagram socket, so that connecting
 * to it tells whether somebody holds it; nothing is ever sent.
 */

#define FIRST_TABLE    52000u
#define FIRST_PRIORITY 520u

static socklen_t name_of(unsigned slot, struct sockaddr_un *name)
{
	int length;

	*name = (struct sockaddr_un){.sun_family = AF_UNIX};
	length = snprintf(name->sun_path + 1, sizeof(name->sun_path) - 1, "mpbridge.slot.%u", slot);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

int slot_claim(unsigned *slot, int *fd)
{
	int socket_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int error = -EBUSY;

	if (socket_fd < 0)
		return -errno;
	for (unsigned i = 0; i < SLOT_MAX; i++) {
		struct sockaddr_un name;
		socklen_t length = name_of(i, &name);

		if (bind(socket_fd, (struct sockaddr *)&name, length) == 0) {
			*slot = i;
			*fd = socket_fd;
			return 0;
		}
		if (errno != EADDRINUSE) {
			error = -errno;
			break;
		}
	}
	close(socket_fd);
	return error;
}

bool slot_is_held(unsigned slot)
{
	struct sockaddr_un name;
	socklen_t length = name_of(slot, &name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_held;

	if (fd < 0)
		return true; /* not known: then leave its things alone */
	is_held = connect(fd, (struct sockaddr *)&name, length) == 0 || errno != ECONNREFUSED;
	close(fd);
	return is_held;
}

uint32_t slot_table(unsigned slot, unsigned index)
{
	return FIRST_TABLE + slot * SLOT_TABLES + index;
}

bool slot_owns_table(unsigned slot, uint32_t table)
{
	return table >= slot_table(slot, 0) && table <= slot_table(slot, SLOT_TABLES - 1);
}

bool slot_is_our_table(uint32_t table)
{
	return table >= FIRST_TABLE && table < FIRST_TABLE + SLOT_MAX * SLOT_TABLES;
}

uint32_t slot_bound_priority(unsigned slot)
{
	return FIRST_PRIORITY + 2 * slot;
}

uint32_t slot_unbound_priority(unsigned slot)
{
	return slot_bound_priority(slot) + 1;
}
