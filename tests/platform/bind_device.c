/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: SO_BINDTODEVICE of an MPTCP socket holds for its initial subflow only; others leave by any
 * link.
 * Relied on by relay/dial.c, paths/greeting.c.
 * Kernel: net/mptcp/subflow.c, __mptcp_subflow_connect().
 */
#include "platform.h"

int main(void)
{
	struct platform_lab lab;
	int listener, client, server;

	platform_begin("SO_BINDTODEVICE is not inherited by further subflows");
	platform_lab(&lab, 2);
	platform_lab_rent(1);
	platform_run("ip route add %s via 10.10.2.2 metric 500", PLATFORM_RENTED);
	platform_enter(lab.server);
	platform_run("ip mptcp endpoint add 10.10.1.2 id 255 signal");
	listener = platform_listen("0.0.0.0", IPPROTO_MPTCP);
	platform_enter(lab.client);
	client = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	PLATFORM_EXPECT(setsockopt(client, SOL_SOCKET, SO_BINDTODEVICE, "wan2", 4) == 0, "%s",
			strerror(errno));
	PLATFORM_EXPECT(platform_connect(client, PLATFORM_RENTED, PLATFORM_PORT) == 0,
			"no connection");
	server = platform_accept(listener);
	PLATFORM_EXPECT(platform_subflows("10.10.2.1", PLATFORM_RENTED) == 1,
			"another interface than the bound one");
	PLATFORM_WAIT(platform_subflows("10.10.1.1", "10.10.1.2") == 1, "no subflow by wan1");
	platform_transfer(client, server, 1 << 20);
	return platform_ok();
}
