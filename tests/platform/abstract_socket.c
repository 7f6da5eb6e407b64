/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: the name of an abstract unix socket belongs to one network namespace, is exclusive there,
 * and is free again when the socket is closed.
 * Relied on by paths/slot.c.
 * Kernel: net/unix/af_unix.c, unix_bind_abstract().
 */
#include "platform.h"

#include <sys/un.h>

/* A socket bound to the name, or -errno. */
static int claim(void)
{
	const struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\0mpbridge.platform"};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (const struct sockaddr *)&name, sizeof(name)) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

int main(void)
{
	int first_namespace, first, second;

	platform_begin("an abstract socket's name is scoped by the network namespace");
	first_namespace = platform_namespace();
	first = claim();
	PLATFORM_EXPECT(first >= 0, "the first: %s", strerror(-first));
	PLATFORM_EXPECT(claim() == -EADDRINUSE, "the name given twice in one namespace");
	platform_namespace();
	second = claim();
	PLATFORM_EXPECT(second >= 0, "in another namespace: %s", strerror(-second));
	close(first);
	platform_enter(first_namespace);
	first = claim();
	PLATFORM_EXPECT(first >= 0, "after close: %s", strerror(-first));
	return platform_ok();
}
