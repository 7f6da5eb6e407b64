/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: what a connection has accepted of announcements is given back when RM_ADDR finds the
 * subflow open, as it does on a link that loses everything; so one can be taken back and announced
 * again more often than the eight times that a connection accepts. Relied on by paths/announce.c,
 * paths/failover.c. Kernel: net/mptcp/pm.c, mptcp_pm_rm_addr_or_subflow().
 */
#include "platform.h"

#define ROUNDS 12

static void lose(const struct platform_lab *lab, bool is_on)
{
	platform_enter(lab->server);
	platform_run(is_on ? "nft 'add table inet lab; add chain inet lab out { type filter hook "
			     "output priority 0; }; add rule inet lab out oifname wan2 drop'"
			   : "nft delete table inet lab");
	platform_enter(lab->client);
}

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("an announcement can be taken back and made again without end");
	platform_lab(&lab, 2);
	platform_run("ip mptcp limits set subflows 8 add_addr_accepted 8");
	platform_run("ip mptcp endpoint add 10.10.2.1 id 254");
	platform_lab_announce(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	platform_transfer(pair.client, pair.server, 1);
	for (int i = 0; i < ROUNDS; i++) {
		PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1,
			      "no second subflow in round %d", i);
		lose(&lab, true);
		platform_enter(lab.server);
		platform_run("ip mptcp endpoint delete id 254");
		platform_enter(lab.client);
		PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 0,
			      "it still there in round %d", i);
		lose(&lab, false);
		platform_enter(lab.server);
		platform_run("ip mptcp endpoint add 10.10.2.2 id 254 signal");
		platform_enter(lab.client);
	}
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "none at the end");
	platform_transfer(pair.client, pair.server, 1 << 20);
	return platform_ok();
}
