/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: socket(IPPROTO_MPTCP) works in both families; with net.mptcp.enabled=0 it says
 * ENOPROTOOPT.
 * Relied on by kernel/socket.c.
 * Kernel: net/mptcp/protocol.c, mptcp_init_sock().
 */
#include "platform.h"

static int attempt(int family)
{
	int fd = socket(family, SOCK_STREAM, IPPROTO_MPTCP);
	int rc = fd < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return rc;
}

int main(void)
{
	const int families[] = {AF_INET, AF_INET6};

	platform_begin(
		"an MPTCP socket can be made, and is refused with ENOPROTOOPT when disabled");
	for (int i = 0; i < 2; i++) {
		int rc = attempt(families[i]);

		PLATFORM_EXPECT(rc == 0, "family %d: %s", families[i], strerror(-rc));
		platform_sysctl("net/mptcp/enabled", "0");
		rc = attempt(families[i]);
		PLATFORM_EXPECT(rc == -ENOPROTOOPT, "family %d, disabled: %s", families[i],
				strerror(-rc));
		platform_sysctl("net/mptcp/enabled", "1");
	}
	return platform_ok();
}
