/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Telling the service manager how the daemon is: the protocol of sd_notify(3). */
#include "daemon/notify.h"

#include "base/log.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A path, or a name that begins with "@": that is an abstract socket's (unix(7)). */
static bool find_address(const char *name, struct sockaddr_un *address, socklen_t *length)
{
	size_t n = strlen(name);

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((name[0] != '/' && name[0] != '@') || n >= sizeof(address->sun_path))
		return false;
	memcpy(address->sun_path, name, n);
	if (name[0] == '@')
		address->sun_path[0] = '\0';
	*length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
	return true;
}

void notify_send(const char *state)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t length;
	int fd;

	if (!name || !find_address(name, &address, &length))
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 ||
	    sendto(fd, state, strlen(state), MSG_NOSIGNAL, (struct sockaddr *)&address, length) < 0)
		log_debug("NOTIFY_SOCKET %s: %s", name, strerror(errno));
	if (fd >= 0)
		close(fd);
}
