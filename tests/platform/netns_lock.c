/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: flock() on /proc/self/ns/net locks the network namespace that it was opened in: whoever
 * opens it there meets the same lock, and other namespaces have their own. It ends with the
 * descriptor. Relied on by paths/store.c. Kernel: fs/nsfs.c, the stashed dentry of a namespace;
 * fs/locks.c, flock().
 */
#include "platform.h"

#include <fcntl.h>
#include <sys/file.h>

/* The namespace where we are, locked; or -errno. */
static int lock(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);

	PLATFORM_EXPECT(fd >= 0, "the namespace is not opened: %s", strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		int error = errno;

		close(fd);
		return -error;
	}
	return fd;
}

int main(void)
{
	int first_namespace, first, second;

	platform_begin("flock() on /proc/self/ns/net locks this network namespace");
	first_namespace = platform_namespace();
	first = lock();
	PLATFORM_EXPECT(first >= 0, "the first: %s", strerror(-first));
	PLATFORM_EXPECT(lock() == -EWOULDBLOCK, "locked twice in one namespace");
	platform_namespace();
	second = lock();
	PLATFORM_EXPECT(second >= 0, "in another namespace: %s", strerror(-second));
	platform_enter(first_namespace);
	close(first);
	first = lock();
	PLATFORM_EXPECT(first >= 0, "after close: %s", strerror(-first));
	return platform_ok();
}
