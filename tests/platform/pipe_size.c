/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: an unprivileged process may have pipes of 1 MB, until all pipes of its user hold more than
 * fs.pipe-user-pages-soft; then F_SETPIPE_SZ says EPERM, and a new pipe has two pages.
 * Relied on by relay/pipe.c.
 * Kernel: fs/pipe.c, alloc_pipe_info(), pipe_set_size(); 5.14.
 */
#include "platform.h"

#include <fcntl.h>
#include <stdio.h>

#define MEGABYTE (1 << 20)

static int soft_limit_pages(void)
{
	FILE *file = fopen("/proc/sys/fs/pipe-user-pages-soft", "re");
	int pages = 0;

	PLATFORM_EXPECT(file && fscanf(file, "%d", &pages) == 1, "no fs.pipe-user-pages-soft");
	fclose(file);
	return pages;
}

static int pipe_of(int bytes)
{
	int fds[2];

	PLATFORM_EXPECT(pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0, "no pipe: %s", strerror(errno));
	return fcntl(fds[0], F_SETPIPE_SZ, bytes) < 0 ? -errno : fds[0];
}

int main(void)
{
	const int page = (int)sysconf(_SC_PAGESIZE);
	int fits, rc = 0, n = 0, fds[2];

	platform_begin(
		"an unprivileged pipe has 1 MB, up to the user's soft limit, two pages beyond it");
	platform_needs_kernel(5, 14);
	fits = soft_limit_pages() / (MEGABYTE / page);
	if (fits == 0 || fits > 400)
		platform_skip("fs.pipe-user-pages-soft is %d", soft_limit_pages());
	PLATFORM_EXPECT(setuid(0x10000 + (uid_t)getpid()) == 0, "setuid: %s", strerror(errno));
	while (n <= fits + 1 && (rc = pipe_of(MEGABYTE)) >= 0)
		n++;
	PLATFORM_EXPECT(n == fits || n == fits - 1, "%d pipes of 1 MB where %d fit", n, fits);
	PLATFORM_EXPECT(rc == -EPERM, "%s beyond the limit", strerror(-rc));
	while (pipe_of(16 * page) >= 0)
		;
	PLATFORM_EXPECT(pipe2(fds, O_CLOEXEC) == 0, "no pipe beyond it: %s", strerror(errno));
	PLATFORM_EXPECT(fcntl(fds[0], F_GETPIPE_SZ) == 2 * page, "a pipe of %d bytes beyond it",
			fcntl(fds[0], F_GETPIPE_SZ));
	return platform_ok();
}
