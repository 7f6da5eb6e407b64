/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: with one server address, a `subflow` endpoint on the client for each link gives exactly
 * one subflow per link, whichever link the connection starts on.
 * Relied on by paths/plan.c.
 * Kernel: net/mptcp/pm_kernel.c, mptcp_pm_create_subflow_or_signal_addr().
 */
#include "platform.h"

#include <stdio.h>

enum { LINKS = 3 };

static void expect_one_per_link(int listener, int first)
{
	int client = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	struct sockaddr_storage local;
	char ip[32];
	int server;

	snprintf(ip, sizeof(ip), "10.10.%d.1", first);
	PLATFORM_EXPECT(bind(client, (struct sockaddr *)&local, platform_address(ip, 0, &local)) ==
				0,
			"bind %s: %s", ip, strerror(errno));
	PLATFORM_EXPECT(platform_connect(client, PLATFORM_RENTED, PLATFORM_PORT) == 0,
			"no connection from %s", ip);
	server = platform_accept(listener);
	platform_transfer(client, server, 1);
	for (int i = 1; i <= LINKS; i++) {
		snprintf(ip, sizeof(ip), "10.10.%d.1", i);
		PLATFORM_WAIT(platform_subflows(ip, PLATFORM_RENTED) == 1, "%d subflows from %s",
			      platform_subflows(ip, PLATFORM_RENTED), ip);
	}
	platform_transfer(client, server, 1 << 20);
	PLATFORM_EXPECT(platform_dialed() == LINKS, "%d subflows or attempts", platform_dialed());
	close(client);
	close(server);
	PLATFORM_WAIT(platform_dialed() == 0, "%d left after the end", platform_dialed());
}

int main(void)
{
	struct platform_lab lab;
	int listener;

	platform_begin(
		"`subflow` endpoints give exactly one subflow per link to one server address");
	platform_lab(&lab, LINKS);
	platform_lab_rent(LINKS);
	for (int i = 1; i <= LINKS; i++) {
		platform_run("ip rule add from 10.10.%d.1 to %s ipproto tcp dport %d lookup %d", i,
			     PLATFORM_RENTED, PLATFORM_PORT, 100 + i);
		platform_run("ip mptcp endpoint add 10.10.%d.1 id %d dev wan%d subflow", i, 256 - i,
			     i);
	}
	platform_enter(lab.server);
	listener = platform_listen("0.0.0.0", IPPROTO_MPTCP);
	platform_enter(lab.client);
	for (int first = 1; first <= LINKS; first++)
		expect_one_per_link(listener, first);
	return platform_ok();
}
