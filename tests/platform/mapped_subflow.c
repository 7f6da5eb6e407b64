/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a connection of an AF_INET6 socket whose initial subflow is IPv4 (mapped) is joined by an
 * IPv6 subflow, and one whose initial subflow is IPv6 by an IPv4 one.
 * Relied on by paths/plan.c, relay/dial.c (server lists of both families).
 * Kernel: net/mptcp/subflow.c, pm_kernel.c.
 */
#include "platform.h"

static void expect_joined(const struct platform_lab *lab, const char *first, const char *announced,
			  const char *local)
{
	struct platform_pair pair;

	platform_enter(lab->server);
	platform_run("ip mptcp endpoint add %s id 255 signal", announced);
	platform_pair(lab, first, &pair);
	PLATFORM_WAIT(platform_subflows(local, announced) == 1, "no subflow to %s beside %s",
		      announced, first);
	platform_transfer(pair.client, pair.server, 1 << 20);
	PLATFORM_EXPECT(platform_dialed() == 2, "%d subflows", platform_dialed());
	platform_pair_close(&pair);
	platform_enter(lab->server);
	platform_run("ip mptcp endpoint flush");
	platform_enter(lab->client);
	PLATFORM_WAIT(platform_dialed() == 0, "%d left after the end", platform_dialed());
}

int main(void)
{
	struct platform_lab lab;

	platform_begin("an AF_INET6 MPTCP socket has subflows of both families");
	platform_lab(&lab, 2);
	expect_joined(&lab, "::ffff:10.10.1.2", "fd00:10:2::2", "fd00:10:2::1");
	expect_joined(&lab, "fd00:10:1::2", "10.10.2.2", "10.10.2.1");
	return platform_ok();
}
