/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: the subflows of `subflow` endpoints are made only when the client has seen its peer's
 * first MPTCP acknowledgement or data: a connection that nobody has written to yet has one
 * subflow.
 * Relied on by paths/plan.c, relay/dial.c.
 * Kernel: net/mptcp/options.c, check_fully_established().
 */
#include "platform.h"

int main(void)
{
	struct platform_lab lab;
	int listener, silent, busy, silent_server, busy_server;

	platform_begin("`subflow` endpoints are used from a connection's first data on");
	platform_lab(&lab, 2);
	platform_lab_rent(2);
	platform_run("ip rule add from 10.10.2.1 to %s lookup 102", PLATFORM_RENTED);
	platform_run("ip mptcp endpoint add 10.10.2.1 id 255 dev wan2 subflow");
	platform_enter(lab.server);
	listener = platform_listen("0.0.0.0", IPPROTO_MPTCP);
	platform_enter(lab.client);
	silent = platform_dial(PLATFORM_RENTED, IPPROTO_MPTCP);
	silent_server = platform_accept(listener);
	busy = platform_dial(PLATFORM_RENTED, IPPROTO_MPTCP);
	busy_server = platform_accept(listener);
	platform_transfer(busy, busy_server, 1);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", PLATFORM_RENTED) == 1,
		      "no subflow of the connection with data");
	PLATFORM_EXPECT(platform_dialed() == 3, "%d subflows of both", platform_dialed());
	platform_transfer(silent_server, silent, 1);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", PLATFORM_RENTED) == 2,
		      "no subflow after the server's first byte");
	return platform_ok();
}
