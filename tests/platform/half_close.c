/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: an MPTCP socket that has shut its sending side goes on receiving: 10 MB, and the end.
 * Relied on by relay/lane.c.
 * Kernel: net/mptcp/protocol.c, mptcp_shutdown(), __mptcp_wr_shutdown().
 */
#include "platform.h"

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;
	char byte;

	platform_begin("a half-closed MPTCP connection carries 10 MB the other way");
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	platform_transfer(pair.client, pair.server, 1000);
	PLATFORM_EXPECT(shutdown(pair.client, SHUT_WR) == 0, "shutdown: %s", strerror(errno));
	PLATFORM_EXPECT(recv(pair.server, &byte, 1, 0) == 0, "no end of the request");
	platform_transfer(pair.server, pair.client, 10UL << 20);
	close(pair.server);
	PLATFORM_EXPECT(recv(pair.client, &byte, 1, 0) == 0, "no end of the answer");
	return platform_ok();
}
