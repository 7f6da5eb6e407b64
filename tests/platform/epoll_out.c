/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: after a write to an MPTCP socket said EAGAIN, edge-triggered EPOLLOUT comes once the peer
 * reads.
 * Relied on by base/loop.c (each descriptor registered once), relay/lane.c.
 * Kernel: net/mptcp/protocol.c, mptcp_poll(), mptcp_write_space().
 */
#include "platform.h"

#include <sys/epoll.h>

static size_t fill(int fd)
{
	static const char zeros[65536];
	size_t sent = 0;
	ssize_t n;

	while ((n = send(fd, zeros, sizeof(zeros), MSG_DONTWAIT)) > 0)
		sent += (size_t)n;
	PLATFORM_EXPECT(errno == EAGAIN, "send: %s", strerror(errno));
	return sent;
}

static void drain(int fd, size_t bytes)
{
	static char sink[65536];

	while (bytes > 0) {
		ssize_t n = recv(fd, sink, bytes < sizeof(sink) ? bytes : sizeof(sink), 0);

		PLATFORM_EXPECT(n > 0, "recv: %s", strerror(errno));
		bytes -= (size_t)n;
	}
}

int main(void)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
	const int quiet_ms = 100, rounds = 5;
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin(
		"edge-triggered EPOLLOUT follows EAGAIN when the peer of an MPTCP socket reads");
	platform_lab(&lab, 1);
	platform_pair(&lab, "10.10.1.2", &pair);
	epoll_ctl(epoll, EPOLL_CTL_ADD, pair.client, &event);
	for (int round = 0; round < rounds; round++) {
		size_t sent = 0;

		/* the socket itself makes room at first, as data moves on to the peer */
		do
			sent += fill(pair.client);
		while (epoll_wait(epoll, &event, 1, quiet_ms) == 1);
		drain(pair.server, sent);
		PLATFORM_EXPECT(epoll_wait(epoll, &event, 1, PLATFORM_LIMIT_MS) == 1,
				"no event in round %d after %zu bytes", round, sent);
		PLATFORM_EXPECT(event.events & EPOLLOUT, "events %x", event.events);
	}
	return platform_ok();
}
