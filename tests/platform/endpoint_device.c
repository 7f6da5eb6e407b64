/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: an endpoint with an interface sends its subflow out by that interface, against the main
 * table.
 * Relied on by paths/plan.c (rented server).
 * Kernel: net/mptcp/subflow.c, __mptcp_subflow_connect().
 */
#include "platform.h"

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("an endpoint with an interface forces the way out of its subflow");
	platform_lab(&lab, 2);
	platform_lab_rent(2);
	platform_run("ip route add %s via 10.10.2.2 metric 500", PLATFORM_RENTED);
	PLATFORM_EXPECT(platform_lines("ip route get %s from 10.10.2.1 | grep 'dev wan1'",
				       PLATFORM_RENTED) == 1,
			"another way out without the interface");
	platform_run(
		"nft 'add table inet lab; add chain inet lab output { type filter hook output "
		"priority 0; }; add rule inet lab output oifname wan1 ip saddr 10.10.2.1 drop'");
	platform_run("ip mptcp endpoint add 10.10.2.1 id 255 dev wan2 subflow");
	platform_pair(&lab, PLATFORM_RENTED, &pair);
	platform_transfer(pair.client, pair.server, 1);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", PLATFORM_RENTED) == 1, "no second subflow");
	platform_run("nft add rule inet lab output oifname wan1 drop");
	platform_transfer(pair.client, pair.server, 1 << 20);
	return platform_ok();
}
