/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a plain TCP connection that was made and reset at once is still given to accept() of an
 * MPTCP listener: its socket names the address that was reached, and reading it says ECONNRESET.
 * Relied on by paths/greeting.c, relay/listener.c.
 * Kernel: net/ipv4/inet_connection_sock.c, inet_csk_accept().
 */
#include "platform.h"

#include <poll.h>

int main(void)
{
	const struct linger abort_it = {.l_onoff = 1, .l_linger = 0};
	struct sockaddr_storage reached, expected;
	socklen_t size = sizeof(reached);
	int listener, client, server;
	struct platform_lab lab;
	ssize_t n;
	char byte;

	platform_begin("a greeting that was reset is accepted, and names the address it reached");
	platform_lab(&lab, 1);
	platform_enter(lab.server);
	listener = platform_listen("0.0.0.0", IPPROTO_MPTCP);
	platform_enter(lab.client);
	client = platform_dial("10.10.1.2", 0);
	PLATFORM_EXPECT(client >= 0, "connect: %s", strerror(-client));
	setsockopt(client, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it));
	close(client);
	platform_enter(lab.server);
	PLATFORM_WAIT(platform_counter("TcpEstabResets") > 0, "no reset at the server");
	PLATFORM_EXPECT(platform_poll(listener, POLLIN) & POLLIN, "nothing to accept");
	server = platform_accept(listener);
	PLATFORM_EXPECT(getsockname(server, (struct sockaddr *)&reached, &size) == 0, "%s",
			strerror(errno));
	size = platform_address("10.10.1.2", PLATFORM_PORT, &expected);
	PLATFORM_EXPECT(memcmp(&reached, &expected, size) == 0, "another address");
	n = recv(server, &byte, 1, 0);
	PLATFORM_EXPECT(n < 0 && errno == ECONNRESET, "%s", n < 0 ? strerror(errno) : "data");
	return platform_ok();
}
