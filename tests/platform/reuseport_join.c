/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: an MP_JOIN finds its connection when several SO_REUSEPORT listeners share the port,
 * whichever of them the SYN reaches.
 * Relied on by daemon/sockets.c (one listener per worker).
 * Kernel: net/mptcp/subflow.c, subflow_token_join_request().
 */
#include "platform.h"

#include <poll.h>

enum { LISTENERS = 4, CONNECTIONS = 24 };

static int used; /* listeners that accepted something, as bits */

static int accept_any(const int *listeners)
{
	struct pollfd waits[LISTENERS];

	for (int i = 0; i < LISTENERS; i++)
		waits[i] = (struct pollfd){.fd = listeners[i], .events = POLLIN};
	PLATFORM_EXPECT(poll(waits, LISTENERS, PLATFORM_LIMIT_MS) > 0, "nothing to accept");
	for (int i = 0; i < LISTENERS; i++) {
		if (waits[i].revents) {
			used |= 1 << i;
			return platform_accept(listeners[i]);
		}
	}
	return -1;
}

int main(void)
{
	int listeners[LISTENERS], client, server;
	struct platform_lab lab;

	platform_begin("MP_JOIN finds its connection among SO_REUSEPORT listeners");
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	platform_enter(lab.server);
	for (int i = 0; i < LISTENERS; i++)
		listeners[i] = platform_listen("0.0.0.0", IPPROTO_MPTCP);
	platform_enter(lab.client);
	for (int i = 0; i < CONNECTIONS; i++) {
		client = platform_dial("10.10.1.2", IPPROTO_MPTCP);
		PLATFORM_EXPECT(client >= 0, "connection %d: %s", i, strerror(-client));
		server = accept_any(listeners);
		platform_transfer(client, server, 10000);
	}
	PLATFORM_EXPECT(used & (used - 1), "one listener used only");
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == CONNECTIONS, "%d of %d joined",
		      platform_subflows("10.10.2.1", "10.10.2.2"), CONNECTIONS);
	return platform_ok();
}
