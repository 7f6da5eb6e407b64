/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: the DATA_FIN of the peer gives edge-triggered EPOLLRDHUP without EPOLLHUP or EPOLLERR; the
 * end of both directions gives EPOLLHUP.
 * Relied on by base/loop.c, relay/flow.c.
 * Kernel: net/mptcp/protocol.c, mptcp_poll().
 */
#include "platform.h"

#include <sys/epoll.h>

/* Collects edges until `wanted` was among them. */
static unsigned int collect(int epoll, unsigned int wanted)
{
	struct epoll_event event;
	unsigned int seen = 0;

	while (!(seen & wanted) && epoll_wait(epoll, &event, 1, PLATFORM_LIMIT_MS) == 1)
		seen |= event.events;
	return seen;
}

int main(void)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET};
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct platform_pair pair;
	struct platform_lab lab;
	unsigned int seen;

	platform_begin(
		"EPOLLRDHUP tells a half-close of MPTCP, EPOLLHUP the end of both directions");
	platform_lab(&lab, 1);
	platform_pair(&lab, "10.10.1.2", &pair);
	epoll_ctl(epoll, EPOLL_CTL_ADD, pair.client, &event);
	shutdown(pair.server, SHUT_WR);
	seen = collect(epoll, EPOLLRDHUP);
	PLATFORM_EXPECT(seen & EPOLLRDHUP && seen & EPOLLIN, "events %x", seen);
	PLATFORM_EXPECT(!(seen & (EPOLLHUP | EPOLLERR)), "events %x after a half-close", seen);
	shutdown(pair.client, SHUT_WR);
	seen = collect(epoll, EPOLLHUP);
	PLATFORM_EXPECT(seen & EPOLLHUP && !(seen & EPOLLERR), "events %x at the end", seen);
	return platform_ok();
}
