/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: SO_MARK of an MPTCP socket is inherited by its subflows, that of a listener by what it
 * accepts.
 * Relied on by nothing yet: it is one way to narrow the rules of paths/plan.c.
 * Kernel: net/mptcp/sockopt.c, sync_socket_options(); net/ipv4/inet_connection_sock.c.
 */
#include "platform.h"

#define MARK 0x77

/* From here on nothing leaves this namespace for that side of PLATFORM_PORT without the mark. */
static void refuse_unmarked(const char *side)
{
	platform_run("nft 'add table inet lab; add chain inet lab output { type filter hook output "
		     "priority 0; }; add rule inet lab output tcp %s %d meta mark != %d "
		     "reject with tcp reset'",
		     side, PLATFORM_PORT, MARK);
}

int main(void)
{
	int mark = MARK, listener, client, server;
	struct platform_lab lab;

	platform_begin("SO_MARK is inherited by subflows and by accepted sockets");
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	refuse_unmarked("dport");
	platform_enter(lab.server);
	refuse_unmarked("sport");
	listener = platform_listen("0.0.0.0", IPPROTO_MPTCP);
	setsockopt(listener, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	platform_enter(lab.client);
	client = platform_dial("10.10.1.2", IPPROTO_MPTCP);
	PLATFORM_EXPECT(client == -ECONNREFUSED, "an unmarked connection: %s",
			client < 0 ? strerror(-client) : "made");
	client = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	setsockopt(client, SOL_SOCKET, SO_MARK, &mark, sizeof(mark));
	PLATFORM_EXPECT(platform_connect(client, "10.10.1.2", PLATFORM_PORT) == 0, "no connection");
	server = platform_accept(listener);
	PLATFORM_EXPECT(platform_option(server, SOL_SOCKET, SO_MARK) == MARK, "accepted mark %d",
			platform_option(server, SOL_SOCKET, SO_MARK));
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	platform_transfer(client, server, 4 << 20);
	platform_transfer(server, client, 4 << 20);
	return platform_ok();
}
