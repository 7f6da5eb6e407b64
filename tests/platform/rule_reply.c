/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a rule `from A ipproto tcp sport P` steers all that a server sends on an accepted subflow:
 * the SYN-ACK and the data; IPv4 and IPv6.
 * Relied on by paths/plan.c.
 * Kernel: net/ipv4/inet_connection_sock.c, inet_csk_route_req(), ip_queue_xmit().
 */
#include "platform.h"

/* `far` is a client address that the server's main table reaches over link 1 only. */
struct family {
	const char *option;
	const char *far, *prefix_len;
	const char *flags;		  /* of `far`: see families[] */
	const char *first, *first_link;	  /* server address and client address of link 1 */
	const char *second, *second_link; /* and of link 2 */
};

/* nodad: without it an IPv6 address, on lo too, is tentative until a worker of the kernel has run,
 * and no route takes it as its source. */
static const struct family families[] = {
	{"-4", "10.77.0.1", "32", "", "10.10.1.2", "10.10.1.1", "10.10.2.2", "10.10.2.1"},
	{"-6", "fd00:77::1", "128", "nodad", "fd00:10:1::2", "fd00:10:1::1", "fd00:10:2::2",
	 "fd00:10:2::1"},
};

static void set_up(const struct platform_lab *lab, const struct family *f)
{
	platform_run("ip addr add %s/%s dev lo %s && ip route add %s dev wan2 src %s", f->far,
		     f->prefix_len, f->flags, f->second, f->far);
	platform_enter(lab->server);
	platform_run("ip route add %s via %s && ip route add %s via %s table 102", f->far,
		     f->first_link, f->far, f->second_link);
	platform_run("ip %s rule add from %s ipproto tcp sport %d lookup 102", f->option, f->second,
		     PLATFORM_PORT);
	platform_run("ip mptcp endpoint add %s id 255 signal", f->second);
}

/* What leaves the server by link 1 with the address of link 2 is dropped: only steered packets
 * arrive. */
static void expect_steered(const struct platform_lab *lab, const struct family *f)
{
	struct platform_pair pair;

	set_up(lab, f);
	platform_pair(lab, f->first, &pair);
	PLATFORM_WAIT(platform_subflows(f->far, f->second) == 1, "no subflow from %s", f->far);
	platform_enter(lab->server);
	platform_run("nft add rule inet lab output oifname wan1 drop");
	platform_transfer(pair.server, pair.client, 1 << 20);
	platform_run("ip mptcp endpoint flush");
	platform_run("nft 'flush chain inet lab output; "
		     "add rule inet lab output oifname wan1 ip saddr 10.10.2.2 drop; "
		     "add rule inet lab output oifname wan1 ip6 saddr fd00:10:2::2 drop'");
	platform_enter(lab->client);
	platform_pair_close(&pair);
}

int main(void)
{
	struct platform_lab lab;

	platform_begin(
		"a rule on source and source port steers the replies of an accepted subflow");
	platform_lab(&lab, 2);
	platform_enter(lab.server);
	platform_run(
		"nft 'add table inet lab; add chain inet lab output { type filter hook output "
		"priority 0; }; add rule inet lab output oifname wan1 ip saddr 10.10.2.2 drop; "
		"add rule inet lab output oifname wan1 ip6 saddr fd00:10:2::2 drop'");
	platform_enter(lab.client);
	for (int i = 0; i < 2; i++)
		expect_steered(&lab, &families[i]);
	return platform_ok();
}
