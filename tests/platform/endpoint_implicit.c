/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a subflow made for an announced address leaves an `implicit` endpoint for its own local
 * address behind; to add an endpoint for that address with an id is then refused (EINVAL), without
 * one it takes the implicit one's place, and the implicit one can be deleted.
 * Relied on by paths/plan.c, paths/actor.c.
 * Kernel: net/mptcp/pm_kernel.c, mptcp_pm_nl_append_new_local_addr(); 6.0.
 */
#include "platform.h"

static int implicit_endpoints(void)
{
	return platform_lines(
		"ip mptcp endpoint | grep '10.10.2.1 ' | grep -e implicit -e 'rawflags 10'");
}

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin(
		"a joined subflow leaves an implicit endpoint that stands in an explicit id's way");
	platform_needs_kernel(6, 0);
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	PLATFORM_EXPECT(implicit_endpoints() == 1, "no implicit endpoint");
	platform_pair_close(&pair);
	PLATFORM_EXPECT(implicit_endpoints() == 1, "it gone with the connection");
	PLATFORM_EXPECT(platform_lines("ip mptcp endpoint add 10.10.2.1 id 255 subflow 2>&1") > 0,
			"an explicit id accepted");
	platform_run("ip mptcp endpoint add 10.10.2.1 subflow");
	PLATFORM_EXPECT(implicit_endpoints() == 0, "the implicit endpoint still there");
	platform_run("ip mptcp endpoint flush");
	PLATFORM_EXPECT(platform_lines("ip mptcp endpoint") == 0, "endpoints after a flush");
	return platform_ok();
}
