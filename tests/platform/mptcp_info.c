/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: MPTCP_INFO fills no more than the size it is given, says how much that was, and has at
 * least 48 bytes (6.1), of which the first counts the additional subflows.
 * Relied on by kernel/socket.c.
 * Kernel: net/mptcp/sockopt.c, mptcp_getsockopt_info().
 */
#include "platform.h"

#define FILL 0xa5

/* Asks with `size` bytes; expects nothing written behind them; what the kernel said it wrote. */
static socklen_t ask(int fd, socklen_t size, unsigned char *info, size_t capacity)
{
	socklen_t said = size;
	int rc;

	memset(info, FILL, capacity);
	rc = getsockopt(fd, SOL_MPTCP, PLATFORM_MPTCP_INFO, info, &said);
	PLATFORM_EXPECT(rc == 0, "%u bytes refused: %s", size, strerror(errno));
	for (size_t i = said; i < capacity; i++)
		PLATFORM_EXPECT(info[i] == FILL, "byte %zu written of %u", i, said);
	return said;
}

int main(void)
{
	unsigned char info[512];
	struct platform_pair pair;
	struct platform_lab lab;
	socklen_t full;

	platform_begin("MPTCP_INFO fits itself to the size it is given");
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	full = ask(pair.client, sizeof(info), info, sizeof(info));
	PLATFORM_EXPECT(full >= 48 && full < sizeof(info), "%u bytes in all", full);
	PLATFORM_EXPECT(info[0] == 1, "%u additional subflows", info[0]);
	for (socklen_t size = 8; size <= 48; size += 8)
		PLATFORM_EXPECT(ask(pair.client, size, info, sizeof(info)) == size && info[0] == 1,
				"another size for %u bytes", size);
	return platform_ok();
}
