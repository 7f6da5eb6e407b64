/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: when the server removes a `signal` endpoint, the subflows to that address are closed on
 * the client, in running connections, which go on over the rest.
 * Relied on by paths/actor.c.
 * Kernel: net/mptcp/pm.c, mptcp_pm_rm_addr_recv().
 */
#include "platform.h"

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("a removed `signal` endpoint closes its subflows at the other end");
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	platform_transfer(pair.client, pair.server, 1 << 20);
	platform_enter(lab.server);
	platform_run("ip mptcp endpoint delete id 254");
	platform_enter(lab.client);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 0, "it still there");
	platform_transfer(pair.client, pair.server, 1 << 20);
	platform_transfer(pair.server, pair.client, 1 << 20);
	PLATFORM_EXPECT(platform_dialed() == 1, "%d subflows", platform_dialed());
	return platform_ok();
}
