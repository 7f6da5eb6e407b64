/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: between separate subnets a `subflow` endpoint dials the server address of the initial
 * subflow from its own link. A far end that is lax about which link an address is on answers; with
 * strict rp_filter that answer is dropped, and the SYN stays in SYN-SENT.
 * Relied on by paths/plan.c (it makes no such endpoints).
 * Kernel: net/mptcp/pm_kernel.c, mptcp_pm_create_subflow_or_signal_addr().
 */
#include "platform.h"

static void expect_pair(const char *rp_filter, const char *state)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_lab(&lab, 2);
	platform_run("ip mptcp endpoint add 10.10.2.1 id 255 dev wan2 subflow");
	platform_sysctl("net/ipv4/conf/all/rp_filter", rp_filter);
	platform_pair(&lab, "10.10.1.2", &pair);
	platform_transfer(pair.client, pair.server, 1);
	PLATFORM_WAIT(platform_lines("ss -Htn state %s src 10.10.2.1 dst 10.10.1.2", state) == 1,
		      "nothing in %s with rp_filter %s", state, rp_filter);
	platform_transfer(pair.client, pair.server, 1 << 20);
	PLATFORM_EXPECT(platform_lines("ss -Htn state %s src 10.10.2.1", state) == 1,
			"another state later");
	platform_pair_close(&pair);
}

int main(void)
{
	platform_begin(
		"a `subflow` endpoint of another subnet makes a cross pair, hopeless if filtered");
	expect_pair("0", "established");
	expect_pair("1", "syn-sent");
	return platform_ok();
}
