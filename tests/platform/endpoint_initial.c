/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: the initial subflow is id 0 and can be removed too; the connection goes on over the other
 * one.
 * Relied on by nothing yet: removing the path of an initial subflow.
 * Kernel: net/mptcp/pm_kernel.c, mptcp_nl_remove_id_zero_address().
 */
#include "platform.h"

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("the initial subflow can be removed as id 0");
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	platform_transfer(pair.client, pair.server, 1 << 20);
	platform_run("ip mptcp endpoint delete id 0 10.10.1.1");
	PLATFORM_WAIT(platform_subflows("10.10.1.1", "10.10.1.2") == 0, "it still there");
	platform_transfer(pair.client, pair.server, 1 << 20);
	platform_transfer(pair.server, pair.client, 1 << 20);
	PLATFORM_EXPECT(platform_dialed() == 1, "%d subflows", platform_dialed());
	return platform_ok();
}
