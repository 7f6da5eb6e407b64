/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: rules and routes keep the protocol number they were made with, can be listed and removed
 * by it (foreign ones stay), and rules take ports; IPv4 and IPv6.
 * Relied on by paths/plan.c, paths/slot.c (what is ours).
 * Kernel: net/core/fib_rules.c; 4.17.
 */
#include "platform.h"

static int tagged_rules(const char *family)
{
	return platform_lines("ip %s rule show | grep 'proto 109'", family);
}

static void expect_tagged(const char *family, const char *to)
{
	platform_run("ip %s rule add to %s ipproto tcp dport 8388 lookup 52001 protocol 109",
		     family, to);
	platform_run("ip %s rule add from %s ipproto tcp sport 8388 lookup 52001", family, to);
	platform_run("ip %s route add %s dev wan1 table 52001 proto 109", family, to);
	platform_run("ip %s route add %s dev wan1 table 52001 metric 9", family, to);
	PLATFORM_EXPECT(tagged_rules(family) == 1, "%d tagged rules", tagged_rules(family));
	platform_run("ip %s rule del lookup 52001 protocol 109", family);
	PLATFORM_EXPECT(tagged_rules(family) == 0, "a tagged rule left");
	PLATFORM_EXPECT(platform_lines("ip %s rule del lookup 52001 protocol 109 2>&1", family) > 0,
			"a foreign rule deleted");
	platform_run("ip %s route flush table 52001 proto 109", family);
	PLATFORM_EXPECT(platform_lines("ip %s rule show table 52001", family) == 1,
			"the foreign rule gone");
	PLATFORM_EXPECT(platform_lines("ip %s route show table 52001", family) == 1,
			"%d routes left", platform_lines("ip %s route show table 52001", family));
}

int main(void)
{
	struct platform_lab lab;

	platform_begin("rules and routes keep our protocol number");
	platform_lab(&lab, 1);
	expect_tagged("-4", PLATFORM_RENTED);
	expect_tagged("-6", PLATFORM_RENTED_6);
	return platform_ok();
}
