/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: accept() that fails for want of a descriptor (EMFILE) leaves the connection in the
 * backlog; it is accepted, with its data, when there is one again.
 * Relied on by relay/listener.c (accept pauses).
 * Kernel: net/socket.c, __sys_accept4().
 */
#include "platform.h"

#include <sys/resource.h>

static void set_limit(rlim_t descriptors)
{
	struct rlimit limit;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = descriptors;
	PLATFORM_EXPECT(setrlimit(RLIMIT_NOFILE, &limit) == 0, "setrlimit: %s", strerror(errno));
}

static void expect_kept(int protocol)
{
	int listener = platform_listen("127.0.0.1", protocol);
	int client = platform_dial("127.0.0.1", protocol);
	int server;

	set_limit(3);
	server = accept(listener, NULL, NULL);
	PLATFORM_EXPECT(server < 0 && errno == EMFILE, "accept: %s",
			server < 0 ? strerror(errno) : "worked");
	set_limit(100);
	server = platform_accept(listener);
	platform_transfer(client, server, 100000);
	close(listener);
	close(client);
	close(server);
}

int main(void)
{
	platform_begin("accept() without a descriptor leaves the connection in the backlog");
	expect_kept(0);
	expect_kept(IPPROTO_MPTCP);
	return platform_ok();
}
