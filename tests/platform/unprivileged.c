/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: without privileges SO_BINDTODEVICE is allowed once on a socket; SO_MARK, IP_TRANSPARENT
 * and to leave a device again are not.
 * Relied on by daemon/privilege.c, relay/dial.c.
 * Kernel: net/core/sock.c, sock_bindtoindex_locked(); 5.7.
 */
#include "platform.h"

static int set(int fd, int level, int option, const void *value, socklen_t size)
{
	return setsockopt(fd, level, option, value, size) < 0 ? -errno : 0;
}

static void expect(int protocol)
{
	int fd = socket(AF_INET, SOCK_STREAM, protocol), one = 1;
	int rc = set(fd, SOL_SOCKET, SO_BINDTODEVICE, "wan1", 4);

	PLATFORM_EXPECT(rc == 0, "SO_BINDTODEVICE: %s", strerror(-rc));
	rc = set(fd, SOL_SOCKET, SO_BINDTODEVICE, "wan2", 4);
	PLATFORM_EXPECT(rc == -EPERM, "a second SO_BINDTODEVICE: %s", strerror(-rc));
	rc = set(fd, SOL_SOCKET, SO_MARK, &one, sizeof(one));
	PLATFORM_EXPECT(rc == -EPERM, "SO_MARK: %s", strerror(-rc));
	rc = set(fd, SOL_IP, IP_TRANSPARENT, &one, sizeof(one));
	PLATFORM_EXPECT(rc == -EPERM, "IP_TRANSPARENT: %s", strerror(-rc));
	close(fd);
}

int main(void)
{
	struct platform_lab lab;

	platform_begin(
		"an unprivileged socket may be bound to a device, once, and may not be marked");
	platform_lab(&lab, 2);
	PLATFORM_EXPECT(setuid(65534) == 0, "setuid: %s", strerror(errno));
	expect(0);
	expect(IPPROTO_MPTCP);
	return platform_ok();
}
