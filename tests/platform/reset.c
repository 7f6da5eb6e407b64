/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: SO_LINGER 0 and close() of an MPTCP socket with two subflows gives the peer ECONNRESET at
 * once; data that had arrived before can be read first.
 * Relied on by kernel/socket.c, relay/flow.c (RST passed on as RST).
 * Kernel: net/mptcp/protocol.c, mptcp_do_fastclose().
 */
#include "platform.h"

#include <poll.h>

int main(void)
{
	const struct linger abort_it = {.l_onoff = 1, .l_linger = 0};
	struct platform_pair pair;
	struct platform_lab lab;
	char text[16];
	ssize_t n;

	platform_begin(
		"an aborted connection of two subflows is seen as ECONNRESET, after its data");
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	PLATFORM_EXPECT(send(pair.client, "hello", 5, 0) == 5, "send: %s", strerror(errno));
	PLATFORM_EXPECT(platform_poll(pair.server, POLLIN) & POLLIN, "no data");
	setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &abort_it, sizeof(abort_it));
	close(pair.client);
	PLATFORM_EXPECT(platform_poll(pair.server, POLLRDHUP) & POLLRDHUP, "no event");
	n = recv(pair.server, text, sizeof(text), 0);
	PLATFORM_EXPECT(n == 5 && memcmp(text, "hello", 5) == 0, "%zd bytes of the data, %s", n,
			strerror(errno));
	n = recv(pair.server, text, sizeof(text), 0);
	PLATFORM_EXPECT(n < 0 && errno == ECONNRESET, "%s after the data",
			n < 0 ? strerror(errno) : "no error");
	PLATFORM_WAIT(platform_dialed() == 0, "%d subflows left", platform_dialed());
	return platform_ok();
}
