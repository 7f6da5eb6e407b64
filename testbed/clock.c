/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A clock that tests move: preloaded into a program, whose time is then another one. */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/*
 * Theory of operation. The file that MOVED_CLOCK names holds one number: by how many seconds the
 * clocks are ahead. It is mapped when the program starts, so that its children see it too, whatever
 * they lock themselves into, and a test moves the time of all of them at once by a write. What time
 * of day it is and how long the machine has been up are moved; timers go on as they did.
 */

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static const volatile int64_t *ahead_s;

static const volatile int64_t *map(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	void *memory =
		fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*ahead_s), PROT_READ, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED)
		abort();
	close(fd);
	return memory;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("MOVED_CLOCK");

	*(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	if (path)
		ahead_s = map(path);
}

int clock_gettime(clockid_t id, struct timespec *out)
{
	int result;

	if (!real_clock_gettime)
		begin();
	result = real_clock_gettime(id, out);
	if (result == 0 && ahead_s &&
	    (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE || id == CLOCK_BOOTTIME))
		out->tv_sec += (time_t)*ahead_s;
	return result;
}

time_t time(time_t *out)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	if (out)
		*out = now.tv_sec;
	return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
	struct timespec now;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
	return 0;
}
