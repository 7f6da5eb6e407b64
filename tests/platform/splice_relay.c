/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: splice() through a pipe carries a stream TCP -> MPTCP -> TCP unchanged, and the end of it
 * too.
 * Relied on by relay/splice.c.
 * Kernel: fs/splice.c, net/mptcp/protocol.c (splice_read, sendmsg).
 */
#include "platform.h"

#include <fcntl.h>

#define STREAM_BYTES (8UL << 20)

/* One forwarder: from a socket through a pipe to the next one. */
struct stage {
	int from, to;
	int pipe[2];
	size_t held; /* bytes in the pipe */
	bool ended;
};

static int pair_on(const char *ip, int protocol, int *accepted)
{
	int listener = platform_listen(ip, protocol);
	int fd = platform_dial(ip, protocol);

	*accepted = platform_accept(listener);
	close(listener);
	return fd;
}

static ssize_t move(int from, int to, size_t bytes)
{
	ssize_t n = splice(from, NULL, to, NULL, bytes, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);

	PLATFORM_EXPECT(n >= 0 || errno == EAGAIN, "splice: %s", strerror(errno));
	return n;
}

static void turn(struct stage *stage)
{
	ssize_t n;

	if (stage->ended)
		return;
	if (stage->held == 0) {
		n = move(stage->from, stage->pipe[1], 1 << 20);
		stage->held += n > 0 ? (size_t)n : 0;
		if (n == 0) {
			shutdown(stage->to, SHUT_WR);
			stage->ended = true;
		}
	}
	if (stage->held > 0) {
		n = move(stage->pipe[0], stage->to, stage->held);
		stage->held -= n > 0 ? (size_t)n : 0;
	}
}

static void stage_open(struct stage *stage, int from, int to)
{
	*stage = (struct stage){.from = from, .to = to};
	PLATFORM_EXPECT(pipe2(stage->pipe, O_CLOEXEC | O_NONBLOCK) == 0, "no pipe");
	fcntl(stage->pipe[0], F_SETPIPE_SZ, 1 << 20);
	platform_set_blocking(from, false);
	platform_set_blocking(to, false);
}

/* Sends what the socket takes of the stream; ends it after the last byte. */
static size_t feed(int fd, size_t sent)
{
	sent += platform_send(fd, sent, STREAM_BYTES);
	if (sent == STREAM_BYTES)
		shutdown(fd, SHUT_WR);
	return sent;
}

int main(void)
{
	size_t sent = 0, received = 0;
	unsigned char chunk[65536];
	struct stage out, in;
	int tcp[2], wan[2], far[2];
	ssize_t n;

	platform_begin("splice carries a stream TCP -> MPTCP -> TCP and its end");
	tcp[0] = pair_on("127.0.0.1", 0, &tcp[1]);
	wan[0] = pair_on("127.0.0.2", IPPROTO_MPTCP, &wan[1]);
	far[0] = pair_on("127.0.0.3", 0, &far[1]);
	stage_open(&out, tcp[1], wan[0]);
	stage_open(&in, wan[1], far[0]);
	do {
		if (sent < STREAM_BYTES)
			sent = feed(tcp[0], sent);
		turn(&out);
		turn(&in);
		n = recv(far[1], chunk, sizeof(chunk), MSG_DONTWAIT);
		for (ssize_t i = 0; i < n; i++)
			PLATFORM_EXPECT(chunk[i] == platform_pattern(received + i),
					"a wrong byte at %zu", received + i);
		received += n > 0 ? (size_t)n : 0;
	} while (n != 0);
	PLATFORM_EXPECT(received == sent, "%zu bytes of %zu", received, sent);
	return platform_ok();
}
