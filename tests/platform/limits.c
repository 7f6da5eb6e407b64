/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a namespace starts with MPTCP limits of 2 subflows and 0 accepted addresses, and takes up
 * to 8.
 * Relied on by paths/limits.c.
 * Kernel: net/mptcp/pm_kernel.c (pm_netlink.c before 6.16).
 */
#include "platform.h"

static void expect_limits(int subflows, int addresses)
{
	PLATFORM_EXPECT(platform_lines("ip mptcp limits | grep 'add_addr_accepted %d ' | "
				       "grep 'subflows %d '",
				       addresses, subflows) == 1,
			"other limits than %d and %d", subflows, addresses);
}

int main(void)
{
	platform_begin("MPTCP limits are 2 and 0 at first, and 8 at most");
	expect_limits(2, 0);
	platform_run("ip mptcp limits set subflows 8 add_addr_accepted 8");
	expect_limits(8, 8);
	PLATFORM_EXPECT(platform_lines("ip mptcp limits set subflows 9 2>&1") > 0,
			"9 subflows accepted");
	return platform_ok();
}
