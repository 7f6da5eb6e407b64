/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: when a link loses its carrier, interface, address and route stay; the flags tell it.
 * Relied on by kernel/rtnetlink.c, paths/derive.c.
 * Kernel: net/core/link_watch.c, net/ipv4/fib_semantics.c.
 */
#include "platform.h"

int main(void)
{
	struct platform_lab lab;

	platform_begin(
		"carrier loss takes neither address nor route away, and is seen in the flags");
	platform_lab(&lab, 1);
	PLATFORM_WAIT(platform_lines("ip -o link show wan1 | grep -w LOWER_UP") == 1, "no carrier");
	platform_enter(lab.server);
	platform_run("ip link set wan1 down");
	platform_enter(lab.client);
	PLATFORM_WAIT(platform_lines("ip -o link show wan1 | grep -w NO-CARRIER") == 1,
		      "no loss of carrier");
	PLATFORM_WAIT(platform_lines("ip route show dev wan1 | grep -w linkdown") == 1,
		      "no `linkdown` on the route");
	PLATFORM_EXPECT(platform_lines("ip -o -4 addr show dev wan1") == 1, "no address");
	return platform_ok();
}
