/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: splice() from a TCP socket does not get past an urgent byte, which EPOLLPRI announces;
 * with SO_OOBINLINE recv() does, and gives it in its place.
 * Relied on by relay/lane.c, kernel/socket.c.
 * Kernel: net/ipv4/tcp.c, tcp_read_sock(), tcp_recv_skb().
 */
#include "platform.h"

#include <fcntl.h>
#include <poll.h>

/* Takes what splice() gives until it gives no more; how much that was. */
static size_t splice_all(int fd, const int *pipe)
{
	size_t taken = 0;
	ssize_t n;

	while ((n = splice(fd, NULL, pipe[1], NULL, 1 << 16, SPLICE_F_NONBLOCK)) > 0)
		taken += (size_t)n;
	return taken;
}

int main(void)
{
	int listener, client, server, on = 1, pipe[2];
	char text[16];
	size_t taken;
	ssize_t n;

	platform_begin(
		"splice() stops at an urgent byte of TCP, recv() with SO_OOBINLINE does not");
	listener = platform_listen("127.0.0.1", 0);
	client = platform_dial("127.0.0.1", 0);
	server = platform_accept(listener);
	PLATFORM_EXPECT(pipe2(pipe, O_CLOEXEC | O_NONBLOCK) == 0, "no pipe");
	platform_set_blocking(server, false);
	setsockopt(server, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
	send(client, "before", 6, 0);
	send(client, "!", 1, MSG_OOB);
	send(client, "after", 5, 0);
	PLATFORM_EXPECT(platform_poll(server, POLLPRI) & POLLPRI, "no POLLPRI");
	PLATFORM_WAIT(recv(server, text, sizeof(text), MSG_PEEK) >= 6, "no data");
	taken = splice_all(server, pipe);
	PLATFORM_EXPECT(taken == 6, "%zu bytes spliced", taken);
	taken = 0;
	while (taken < 6 && platform_poll(server, POLLIN)) {
		n = recv(server, text + taken, sizeof(text) - taken, 0);
		PLATFORM_EXPECT(n > 0, "%s", n == 0 ? "the end" : strerror(errno));
		taken += (size_t)n;
	}
	PLATFORM_EXPECT(taken == 6 && memcmp(text, "!after", 6) == 0, "%zu other bytes", taken);
	return platform_ok();
}
