/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: a port can not be bound without SO_REUSEPORT while somebody listens there with it, TCP or
 * MPTCP, and can be shared after it was bound alone and let go.
 * Relied on by daemon/sockets.c.
 * Kernel: net/ipv4/inet_connection_sock.c, inet_csk_bind_conflict().
 */
#include "platform.h"

/* Binds and listens without SO_REUSEPORT, and lets go. 0 or -errno. */
static int take_alone(int protocol)
{
	int fd = socket(AF_INET, SOCK_STREAM, protocol), on = 1, rc = 0;
	struct sockaddr_storage at;
	socklen_t size = platform_address("0.0.0.0", PLATFORM_PORT, &at);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&at, size) < 0 || listen(fd, 8) < 0)
		rc = -errno;
	close(fd);
	return rc;
}

static void expect_exclusive(int theirs, int ours)
{
	int listener = platform_listen("0.0.0.0", theirs);
	int rc = take_alone(ours);

	PLATFORM_EXPECT(rc == -EADDRINUSE, "protocol %d beside %d: %s", ours, theirs,
			strerror(-rc));
	close(listener);
	rc = take_alone(ours);
	PLATFORM_EXPECT(rc == 0, "protocol %d alone: %s", ours, strerror(-rc));
	close(platform_listen("0.0.0.0", ours));
}

int main(void)
{
	const int protocols[] = {0, IPPROTO_MPTCP};

	platform_begin("a port that is shared by SO_REUSEPORT can not be taken alone");
	for (int theirs = 0; theirs < 2; theirs++)
		for (int ours = 0; ours < 2; ours++)
			expect_exclusive(protocols[theirs], protocols[ours]);
	return platform_ok();
}
