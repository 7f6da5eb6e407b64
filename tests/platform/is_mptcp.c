/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: TCP_IS_MPTCP is 1 on both ends of an MPTCP connection and 0 where it fell back to TCP, on
 * either side; a connection that fell back carries data. MPTCP_INFO is
 * refused there: EOPNOTSUPP for IPv4, ENOPROTOOPT for IPv6.
 * Relied on by kernel/socket.c, relay/flow.c.
 * Kernel: net/mptcp/sockopt.c, net/ipv4/tcp.c; 6.10.
 */
#include "platform.h"

/* MPTCP_INFO tells the same where TCP_IS_MPTCP is not there yet. */
static void expect_info(int fd, int expected, int refusal)
{
	unsigned char info[256];
	socklen_t size = sizeof(info);
	int rc = getsockopt(fd, SOL_MPTCP, PLATFORM_MPTCP_INFO, info, &size) < 0 ? -errno : 0;

	PLATFORM_EXPECT(rc == (expected ? 0 : -refusal), "MPTCP_INFO say %s where %d is right",
			strerror(-rc), expected);
}

/* Connects one kind of client to one kind of listener; `expected` on both ends. */
static void expect_mptcp(const char *ip, int client_protocol, int server_protocol, int expected)
{
	int listener = platform_listen(ip, server_protocol);
	int client = platform_dial(ip, client_protocol);
	int server = platform_accept(listener);
	int refusal = strchr(ip, ':') ? ENOPROTOOPT : EOPNOTSUPP;
	int dialed, accepted;

	platform_transfer(client, server, 100000);
	platform_transfer(server, client, 100000);
	dialed = platform_option(client, SOL_TCP, TCP_IS_MPTCP);
	accepted = platform_option(server, SOL_TCP, TCP_IS_MPTCP);
	PLATFORM_EXPECT(dialed == expected && accepted == expected,
			"protocol %d to %d: %d on the connected, %d on the accepted socket",
			client_protocol, server_protocol, dialed, accepted);
	expect_info(client, expected, refusal);
	expect_info(server, expected, refusal);
	close(client);
	close(server);
	close(listener);
}

int main(void)
{
	static const char *const ips[] = {"127.0.0.1", "::1"};

	platform_begin("TCP_IS_MPTCP tells MPTCP from what fell back to TCP");
	platform_needs_kernel(6, 10);
	for (int i = 0; i < 2; i++) {
		expect_mptcp(ips[i], IPPROTO_MPTCP, IPPROTO_MPTCP, 1);
		expect_mptcp(ips[i], IPPROTO_MPTCP, 0, 0);
		expect_mptcp(ips[i], 0, IPPROTO_MPTCP, 0);
		expect_mptcp(ips[i], 0, 0, 0);
	}
	return platform_ok();
}
