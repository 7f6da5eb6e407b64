/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a `signal` endpoint that is added later reaches the connections that are already running.
 * Relied on by paths/manager.c, manager_witness().
 * Kernel: net/mptcp/pm_kernel.c, mptcp_nl_add_subflow_or_signal_addr().
 */
#include "platform.h"

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("a `signal` endpoint added later reaches running connections");
	platform_lab(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	platform_transfer(pair.client, pair.server, 1 << 20);
	PLATFORM_EXPECT(platform_dialed() == 1, "%d subflows too early", platform_dialed());
	platform_lab_announce(&lab, 2);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	platform_transfer(pair.client, pair.server, 1 << 20);
	return platform_ok();
}
