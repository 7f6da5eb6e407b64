/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: with `signal` endpoints on each link of the server, none on the client, and
 * add_addr_accepted raised there, each connection gets exactly one subflow per link.
 * Relied on by paths/plan.c.
 * Kernel: net/mptcp/pm_kernel.c, mptcp_pm_nl_add_addr_received().
 */
#include "platform.h"

#include <stdio.h>

enum { LINKS = 3 };

/* Connects over `link`; the other links must be joined, once each. */
static void expect_one_per_link(const struct platform_lab *lab, int link)
{
	char local[32], remote[32];
	struct platform_pair pair;

	snprintf(remote, sizeof(remote), "10.10.%d.2", link);
	platform_pair(lab, remote, &pair);
	for (int i = 1; i <= LINKS; i++) {
		snprintf(local, sizeof(local), "10.10.%d.1", i);
		snprintf(remote, sizeof(remote), "10.10.%d.2", i);
		PLATFORM_WAIT(platform_subflows(local, remote) == 1, "%d subflows on link %d",
			      platform_subflows(local, remote), i);
	}
	platform_transfer(pair.client, pair.server, 1 << 20);
	platform_transfer(pair.server, pair.client, 1 << 20);
	PLATFORM_EXPECT(platform_dialed() == LINKS, "%d subflows or attempts", platform_dialed());
	platform_pair_close(&pair);
	PLATFORM_WAIT(platform_dialed() == 0, "%d left after the end", platform_dialed());
}

int main(void)
{
	struct platform_lab lab;
	long joined;

	platform_begin("`signal` endpoints of the server give exactly one subflow per link");
	platform_lab(&lab, LINKS);
	for (int link = 1; link <= LINKS; link++)
		platform_lab_announce(&lab, link);
	for (int link = 1; link <= LINKS; link++)
		expect_one_per_link(&lab, link);
	joined = platform_counter("MPTcpExtMPJoinSynAckRx");
	PLATFORM_EXPECT(joined == LINKS * (LINKS - 1), "%ld joins counted", joined);
	return platform_ok();
}
