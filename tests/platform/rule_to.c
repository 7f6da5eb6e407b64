/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a rule `to S ipproto tcp dport P` steers the SYN of a subflow that the kernel makes, and
 * its source is chosen by that route; IPv4 and IPv6.
 * Relied on by paths/plan.c.
 * Kernel: net/ipv4/route.c, ip_route_connect(), net/ipv6/tcp_ipv6.c.
 */
#include "platform.h"

/* The main table leads to `rented` over link 1; the rule must send the subflow over link 2. */
static void expect_steered(const struct platform_lab *lab, const char *rented, const char *first,
			   const char *source)
{
	struct platform_pair pair;

	platform_run("ip %s rule add to %s ipproto tcp dport %d lookup 102",
		     strchr(rented, ':') ? "-6" : "-4", rented, PLATFORM_PORT);
	platform_enter(lab->server);
	platform_run("ip mptcp endpoint add %s id 255 signal", rented);
	platform_pair(lab, first, &pair);
	PLATFORM_WAIT(platform_dialed() == 2, "%d subflows", platform_dialed());
	PLATFORM_WAIT(platform_subflows(source, rented) == 1, "no subflow from %s to %s", source,
		      rented);
	platform_transfer(pair.client, pair.server, 1 << 20);
	platform_pair_close(&pair);
	platform_enter(lab->server);
	platform_run("ip mptcp endpoint flush");
	platform_enter(lab->client);
	PLATFORM_WAIT(platform_dialed() == 0, "%d left after the end", platform_dialed());
}

int main(void)
{
	struct platform_lab lab;

	platform_begin("a rule on destination and port steers the SYN of a kernel-made subflow");
	platform_lab(&lab, 2);
	platform_lab_rent(2);
	expect_steered(&lab, PLATFORM_RENTED, "10.10.1.2", "10.10.2.1");
	expect_steered(&lab, PLATFORM_RENTED_6, "fd00:10:1::2", "fd00:10:2::1");
	return platform_ok();
}
