/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a rule `from L` does not steer the SYN of a subflow that the kernel makes towards an
 * announced address, since its source is still unset; it does steer a socket that is bound to L.
 * Relied on by paths/plan.c (its rules name the destination).
 * Kernel: net/ipv4/route.c, ip_route_connect().
 */
#include "platform.h"

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("a rule on the source does not steer the SYN of a kernel-made subflow");
	platform_lab(&lab, 2);
	platform_lab_rent(2);
	platform_run("ip rule add from 10.10.2.1 lookup 102");
	PLATFORM_EXPECT(platform_lines("ip route get %s from 10.10.2.1 | grep 'dev wan2'",
				       PLATFORM_RENTED) == 1,
			"the rule not even steer a bound socket");
	platform_enter(lab.server);
	platform_run("ip mptcp endpoint add %s id 255 signal", PLATFORM_RENTED);
	platform_pair(&lab, "10.10.1.2", &pair);
	PLATFORM_WAIT(platform_subflows("10.10.1.1", PLATFORM_RENTED) == 1,
		      "no subflow by the main table; %d by link 2",
		      platform_subflows("10.10.2.1", PLATFORM_RENTED));
	return platform_ok();
}
