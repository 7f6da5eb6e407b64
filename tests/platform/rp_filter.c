/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: strict reverse path filtering breaks a second path to one server address, unless a rule
 * sends that address and port back by the same link: the rule counts for the filter too.
 * Relied on by paths/plan.c.
 * Kernel: net/ipv4/fib_frontend.c, __fib_validate_source().
 */
#include "platform.h"

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("strict rp_filter breaks a second path that has no rule of its own");
	platform_lab(&lab, 2);
	platform_lab_rent(2);
	platform_run("ip route add %s via 10.10.2.2 metric 500", PLATFORM_RENTED);
	platform_sysctl("net/ipv4/conf/all/rp_filter", "1");
	platform_run("ip mptcp endpoint add 10.10.2.1 id 255 dev wan2 subflow");
	platform_pair(&lab, PLATFORM_RENTED, &pair);
	platform_transfer(pair.client, pair.server, 1);
	PLATFORM_WAIT(platform_counter("TcpExtIPReversePathFilter") > 0, "nothing filtered");
	PLATFORM_EXPECT(platform_subflows("10.10.2.1", PLATFORM_RENTED) == 0,
			"a subflow in spite of the filter");
	platform_run("ip rule add from 10.10.2.1 to %s ipproto tcp dport %d lookup 102",
		     PLATFORM_RENTED, PLATFORM_PORT);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", PLATFORM_RENTED) == 1,
		      "no subflow with the rule either");
	return platform_ok();
}
