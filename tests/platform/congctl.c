/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a subflow takes the congestion control of its route, on the dialing and on the accepting
 * side, and the subflow beside it keeps the default. If it is locked in the route, it stays when
 * the kernel brings a subflow's options up to date with those of its connection.
 * Relied on by kernel/metrics.c, metrics_set_congestion().
 * Kernel: net/ipv4/tcp_output.c, tcp_ca_dst_init(); net/ipv4/tcp_minisocks.c,
 * tcp_ca_openreq_child(); net/mptcp/sockopt.c, sync_socket_options().
 */
#include "platform.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static const char *const candidates[] = {"reno", "cubic", "bbr"};

/* A congestion control that is here and is not the default. */
static const char *other_than_default(void)
{
	for (size_t i = 0; i < sizeof(candidates) / sizeof(candidates[0]); i++)
		if (platform_lines("sysctl -n net.ipv4.tcp_available_congestion_control | grep -w "
				   "%s",
				   candidates[i]) &&
		    !platform_lines("sysctl -n net.ipv4.tcp_congestion_control | grep -x %s",
				    candidates[i]))
			return candidates[i];
	platform_skip("there is one congestion control only");
}

static int subflows_with(const char *name, const char *local, const char *remote)
{
	return platform_lines("ss -Htni state established src %s dst %s | grep -w %s", local,
			      remote, name);
}

/* From now on subflows of the connection have options to be brought up to date with. */
static void set_option(int fd)
{
	int one = 1;

	PLATFORM_EXPECT(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) == 0,
			"no TCP_NODELAY");
}

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;
	const char *name;

	platform_begin("a subflow takes the congestion control of its route, on both sides");
	name = other_than_default();
	platform_lab(&lab, 2);
	platform_run("ip route change 10.10.2.0/24 dev wan2 src 10.10.2.1 congctl lock %s", name);
	platform_enter(lab.server);
	platform_run("ip route change 10.10.2.0/24 dev wan2 src 10.10.2.2 congctl lock %s", name);
	platform_pair(&lab, "10.10.1.2", &pair);
	set_option(pair.client);
	set_option(pair.server);
	platform_lab_announce(&lab, 2);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	platform_transfer(pair.client, pair.server, 1 << 20);
	PLATFORM_EXPECT(subflows_with(name, "10.10.2.1", "10.10.2.2") == 1, "no %s on the client",
			name);
	PLATFORM_EXPECT(subflows_with(name, "10.10.1.1", "10.10.1.2") == 0,
			"%s on the other link too", name);
	platform_enter(lab.server);
	PLATFORM_EXPECT(subflows_with(name, "10.10.2.2", "10.10.2.1") == 1, "no %s on the server",
			name);
	PLATFORM_EXPECT(subflows_with(name, "10.10.1.2", "10.10.1.1") == 0,
			"%s on the server's other link too", name);
	return platform_ok();
}
