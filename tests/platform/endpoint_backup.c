/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: an endpoint without flags that is made a backup makes one of its subflow in running
 * connections, at both ends, although only one end was told; and the other way round. What the
 * other end wants of its own endpoint meanwhile changes nothing about that.
 * Relied on by paths/failover.c (roles and the guard), paths/spare.c, spares_aside_ms();
 * kernel/mptcp_pm.c, mptcp_pm_set_backup().
 * Kernel: net/mptcp/pm_kernel.c, mptcp_pm_nl_set_flags(); MP_PRIO, RFC 8684 3.3.8. What ss calls b
 * and B is MPTCP_SUBFLOW_FLAG_BKUP_LOC and _REM of net/mptcp/diag.c.
 */
#include "platform.h"

/* Subflows between the addresses of link 2 here that have this flag. */
static int flagged(char flag)
{
	return platform_lines("ss -HtinO state established '( src 10.10.2.1 or src 10.10.2.2 )' | "
			      "grep 'tcp-ulp-mptcp flags:[A-Za-z]*%c'",
			      flag);
}

static void expect_backup(const struct platform_lab *lab, int is_backup)
{
	PLATFORM_WAIT(flagged('b') == is_backup, "%d backups on the client", flagged('b'));
	platform_enter(lab->server);
	PLATFORM_WAIT(flagged('B') == is_backup, "%d backups on the server", flagged('B'));
	platform_enter(lab->client);
}

/* The server wants the same for a while, and gives it up again. */
static void expect_apart(const struct platform_lab *lab)
{
	platform_enter(lab->server);
	platform_run("ip mptcp endpoint change id 254 backup");
	platform_enter(lab->client);
	PLATFORM_WAIT(flagged('B') == 1, "the client was not told");
	platform_enter(lab->server);
	platform_run("ip mptcp endpoint change id 254 nobackup");
	platform_enter(lab->client);
	PLATFORM_WAIT(flagged('B') == 0, "the client was not told that it is over");
	expect_backup(lab, 1);
}

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("making an endpoint a backup makes one of running subflows, at both ends");
	platform_lab(&lab, 2);
	platform_run("ip mptcp endpoint add 10.10.2.1 id 254");
	platform_lab_announce(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	platform_transfer(pair.client, pair.server, 1);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	expect_backup(&lab, 0);
	platform_run("ip mptcp endpoint change id 254 backup");
	expect_backup(&lab, 1);
	expect_apart(&lab);
	platform_transfer(pair.client, pair.server, 1 << 20);
	platform_run("ip mptcp endpoint change id 254 nobackup");
	expect_backup(&lab, 0);
	platform_transfer(pair.server, pair.client, 1 << 20);
	return platform_ok();
}
