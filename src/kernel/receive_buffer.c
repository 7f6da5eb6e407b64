/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The receive buffer of an MPTCP connection, when it is full of what came out of order. */
#include "kernel/receive_buffer.h"

#include "kernel/socket.h"

#include <limits.h>
#include <linux/sock_diag.h>
#include <stdint.h>
#include <sys/socket.h>

#define TIMES_WIDER 4u

/* What it holds, and what it may; both with their overhead. False: unknown. (SO_MEMINFO) */
static bool measure(int fd, uint32_t *held, uint32_t *most)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t length = sizeof(memory);

	*held = *most = 0;
	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &length) < 0 ||
	    length < (SK_MEMINFO_RCVBUF + 1) * sizeof(memory[0]))
		return false;
	*held = memory[SK_MEMINFO_RMEM_ALLOC];
	*most = memory[SK_MEMINFO_RCVBUF];
	return true;
}

bool receive_buffer_is_full(int fd)
{
	uint32_t held, most;

	return measure(fd, &held, &most) && held >= most;
}

/*
 * The low-water mark is what has to be there before a reader is told, without overhead. The buffer
 * is made so that it can be, and stays so. As the kernel reckons overhead at first, that is twice
 * as much.
 */
static void raise_low_water(int fd, uint32_t bytes)
{
	const int high = (int)(bytes / 2), low = 1;

	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &high, sizeof(high));
	setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &low, sizeof(low));
}

static bool is_wider(int fd, uint32_t than)
{
	uint32_t held, most;

	return measure(fd, &held, &most) && most > than;
}

bool receive_buffer_widen(int fd)
{
	uint32_t held, most;

	if (!measure(fd, &held, &most) || held > INT_MAX / TIMES_WIDER)
		return false;
	raise_low_water(fd, held * TIMES_WIDER);
	if (!is_wider(fd, held))
		socket_enlarge_receive_buffer(fd, held * TIMES_WIDER);
	return is_wider(fd, held);
}
