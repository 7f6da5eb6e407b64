/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a rule on a uid range steers a user's own connection, and not the subflows that the kernel
 * adds to it.
 * Relied on by paths/plan.c (its rules go by port instead).
 * Kernel: net/mptcp/subflow.c, __mptcp_subflow_connect(): the subflow's socket belongs to the
 * kernel.
 */
#include "platform.h"

#define UID 61234

int main(void)
{
	struct platform_lab lab;
	int listener, client;

	platform_begin("a rule on a uid range does not steer kernel-made subflows");
	platform_lab(&lab, 2);
	platform_lab_rent(2);
	platform_run("ip rule add uidrange %d-%d lookup 102", UID, UID);
	platform_enter(lab.server);
	platform_run("ip mptcp endpoint add %s id 255 signal", PLATFORM_RENTED);
	listener = platform_listen("0.0.0.0", IPPROTO_MPTCP);
	platform_enter(lab.client);
	PLATFORM_EXPECT(seteuid(UID) == 0, "seteuid: %s", strerror(errno));
	client = platform_dial(PLATFORM_RENTED, IPPROTO_MPTCP);
	PLATFORM_EXPECT(client >= 0 && seteuid(0) == 0, "connect: %s", strerror(-client));
	platform_accept(listener);
	PLATFORM_EXPECT(platform_subflows("10.10.2.1", PLATFORM_RENTED) == 1,
			"the user's own connection not steered");
	close(client);

	PLATFORM_EXPECT(seteuid(UID) == 0, "seteuid: %s", strerror(errno));
	client = platform_dial("10.10.1.2", IPPROTO_MPTCP);
	PLATFORM_EXPECT(client >= 0 && seteuid(0) == 0, "connect: %s", strerror(-client));
	PLATFORM_WAIT(platform_subflows("10.10.1.1", PLATFORM_RENTED) == 1,
		      "no subflow by the main table");
	return platform_ok();
}
