/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clocks, for those who are not told the time by their loop. */
#ifndef MPBRIDGE_TIME_H
#define MPBRIDGE_TIME_H

#include <stdint.h>
#include <time.h>

/* Seconds since 1970: what both ends of a link can compare. It may be set. */
static inline uint64_t time_unix_s(void)
{
	struct timespec now;

	/* time() is behind by up to a tick of the kernel (CLOCK_REALTIME_COARSE) */
	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec;
}

/* Seconds since this machine was started, suspension included: never set. */
static inline uint32_t time_since_boot_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint32_t)now.tv_sec;
}

/* Microseconds of the clock that the kernel's TCP goes by: never set. */
static inline uint64_t time_monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

#endif
