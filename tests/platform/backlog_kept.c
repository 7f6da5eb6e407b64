/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: what waits in a listener's backlog survives the death of a process that held it, as long
 * as another process holds the listener too.
 * Relied on by daemon/sockets.c (the supervisor keeps them open).
 * Kernel: net/socket.c, __sock_release().
 */
#include "platform.h"

#include <signal.h>
#include <sys/wait.h>

static void expect_kept(int protocol)
{
	int listener = platform_listen("127.0.0.1", protocol);
	pid_t worker = fork();
	int client, status;

	PLATFORM_EXPECT(worker >= 0, "fork: %s", strerror(errno));
	if (worker == 0) {
		pause();
		_exit(0);
	}
	client = platform_dial("127.0.0.1", protocol);
	PLATFORM_EXPECT(client >= 0, "connect: %s", strerror(-client));
	kill(worker, SIGKILL);
	PLATFORM_EXPECT(waitpid(worker, &status, 0) == worker, "waitpid: %s", strerror(errno));
	platform_transfer(client, platform_accept(listener), 100000);
	close(listener);
}

int main(void)
{
	platform_begin(
		"a backlog survives the death of one of the processes that hold the listener");
	expect_kept(0);
	expect_kept(IPPROTO_MPTCP);
	return platform_ok();
}
