/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: SOCK_DESTROY closes a single subflow; the kernel does not make it again by itself;
 * deleting and adding the endpoint, with the same id, does, in running connections; `signal` and
 * `subflow`.
 * Relied on by paths/actor.c (a dead link that came back).
 * Kernel: net/ipv4/tcp.c, tcp_abort(); net/mptcp/pm_kernel.c.
 */
#include "platform.h"

/* The endpoint lives in `home`; the subflow goes from link 2 to `remote`. */
static void expect_made_again(const struct platform_lab *lab, int home, const char *endpoint,
			      const char *remote, struct platform_pair *pair)
{
	const char *local = "10.10.2.1";

	platform_transfer(pair->client, pair->server, 1);
	PLATFORM_WAIT(platform_subflows(local, remote) == 1, "no second subflow to %s", remote);
	platform_run("ss -KHtn src %s dst %s >/dev/null", local, remote);
	PLATFORM_WAIT(platform_subflows(local, remote) == 0, "it not closed by SOCK_DESTROY");
	platform_transfer(pair->client, pair->server, 4 << 20);
	platform_transfer(pair->server, pair->client, 4 << 20);
	PLATFORM_EXPECT(platform_dialed() == 1, "%d subflows without help", platform_dialed());
	platform_enter(home);
	platform_run("ip mptcp endpoint delete id 254 && ip mptcp endpoint add %s", endpoint);
	platform_enter(lab->client);
	PLATFORM_WAIT(platform_subflows(local, remote) == 1, "it not made again");
	platform_transfer(pair->client, pair->server, 1 << 20);
}

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("a closed subflow comes back when its endpoint is deleted and added");
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	expect_made_again(&lab, lab.server, "10.10.2.2 id 254 signal", "10.10.2.2", &pair);
	platform_pair_close(&pair);
	platform_enter(lab.server);
	platform_run("ip mptcp endpoint flush");
	platform_enter(lab.client);
	PLATFORM_WAIT(platform_dialed() == 0, "%d left after the end", platform_dialed());

	platform_run("ip mptcp endpoint flush"); /* the implicit one: see endpoint_implicit.c */
	platform_lab_rent(2);
	platform_run("ip rule add from 10.10.2.1 to %s ipproto tcp dport %d lookup 102",
		     PLATFORM_RENTED, PLATFORM_PORT);
	platform_run("ip mptcp endpoint add 10.10.2.1 id 254 dev wan2 subflow");
	platform_pair(&lab, PLATFORM_RENTED, &pair);
	expect_made_again(&lab, lab.client, "10.10.2.1 id 254 dev wan2 subflow", PLATFORM_RENTED,
			  &pair);
	return platform_ok();
}
