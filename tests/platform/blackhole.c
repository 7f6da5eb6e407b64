/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: when a link silently loses everything, the other subflow carries the data on.
 * Relied on by relay/flow.c (it does nothing about it).
 * Kernel: net/mptcp/protocol.c, __mptcp_retrans().
 */
#include "platform.h"

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("data goes on over the other subflow when a link loses everything");
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	platform_transfer(pair.client, pair.server, 4 << 20);
	platform_run("nft 'add table inet lab; add chain inet lab both { type filter hook output "
		     "priority 0; }; add rule inet lab both oifname wan1 drop'");
	platform_transfer(pair.client, pair.server, 4 << 20);
	platform_transfer(pair.server, pair.client, 4 << 20);
	return platform_ok();
}
