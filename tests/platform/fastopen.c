/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: with TCP Fast Open on both ends the second MPTCP connection carries data in its SYN, and
 * stays MPTCP.
 * Relied on by nothing yet: with a second subflow it does harm (see DESIGN.md).
 * Kernel: net/mptcp/fastopen.c; 6.2.
 */
#include "platform.h"

/* One connection that says "hello" with its SYN if it may; whether the SYN carried it. */
static bool hello_in_syn(const struct platform_lab *lab, int listener)
{
	int client, server, on = 1, rc;
	long before, after;
	char text[8];

	platform_enter(lab->server);
	before = platform_counter("TcpExtTCPFastOpenPassive");
	platform_enter(lab->client);
	client = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	setsockopt(client, SOL_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof(on));
	rc = platform_connect(client, "10.10.1.2", PLATFORM_PORT);
	PLATFORM_EXPECT(rc == 0, "connect: %s", strerror(-rc));
	PLATFORM_EXPECT(send(client, "hello", 5, 0) == 5, "send: %s", strerror(errno));
	server = platform_accept(listener);
	PLATFORM_EXPECT(recv(server, text, 5, MSG_WAITALL) == 5 && memcmp(text, "hello", 5) == 0,
			"other data than was sent");
	platform_transfer(client, server, 100000);
	platform_transfer(server, client, 100000);
	PLATFORM_EXPECT(platform_option(server, SOL_TCP, TCP_IS_MPTCP) == 1, "a fall back to TCP");
	platform_enter(lab->server);
	after = platform_counter("TcpExtTCPFastOpenPassive");
	platform_enter(lab->client);
	close(client);
	close(server);
	return after > before;
}

int main(void)
{
	struct platform_lab lab;
	int listener, queue = 16;

	platform_begin("the second MPTCP connection with TCP Fast Open carries data in its SYN");
	platform_needs_kernel(6, 10);
	platform_lab(&lab, 1);
	platform_sysctl("net/ipv4/tcp_fastopen", "1");
	platform_enter(lab.server);
	platform_sysctl("net/ipv4/tcp_fastopen", "2");
	listener = platform_listen("0.0.0.0", IPPROTO_MPTCP);
	setsockopt(listener, SOL_TCP, TCP_FASTOPEN, &queue, sizeof(queue));
	platform_enter(lab.client);
	PLATFORM_EXPECT(!hello_in_syn(&lab, listener), "data in the first SYN already");
	PLATFORM_EXPECT(hello_in_syn(&lab, listener), "no data in the second SYN");
	return platform_ok();
}
