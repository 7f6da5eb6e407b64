/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: an MPTCP connection whose receive buffer is full of what came out of order stands still
 * even when what is missing has come, and nobody is told; SO_MEMINFO shows it, and a buffer that is
 * made larger ends it with the next read.
 * Relied on by kernel/receive_buffer.c, relay/unblock.c.
 * Kernel: net/mptcp/protocol.c, __mptcp_move_skbs(), __mptcp_move_skbs_from_subflow();
 * net/mptcp/sockopt.c, mptcp_set_rcvlowat(), mptcp_setsockopt_sol_socket_int().
 *
 * Link 1 loses all, and the connection waits for that. Link 2 brings the rest, in segments so short
 * that they take far more memory than the window has counted on; somebody listens to the link, so
 * that they are not joined. Then, after the connection's own time-out (MPTCPRetrans), it brings
 * what was lost.
 */
#include "platform.h"

#include "kernel/receive_buffer.h"

#include <arpa/inet.h>
#include <net/ethernet.h>
#include <poll.h>

#define QUIET_MS     300
#define SHORT_MTU    400
#define SEND_BYTES   (1 << 20)
#define LISTEN_BYTES (16 << 20)

#ifndef SO_RCVBUFFORCE
#define SO_RCVBUFFORCE 33
#endif

/* Grows by itself, as one that nobody has set; or was set, and does not. */
enum size { SIZE_OWN, SIZE_SET };

static long retransmissions(const struct platform_lab *lab)
{
	long n;

	platform_enter(lab->client);
	n = platform_counter("MPTcpExtMPTCPRetrans");
	platform_enter(lab->server);
	return n;
}

static void set_size(int fd, int option, int bytes)
{
	PLATFORM_EXPECT(setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof(bytes)) == 0,
			"option %d: %s", option, strerror(errno));
}

/* Takes all that comes to this namespace, and keeps it. */
static int listen_to_links(void)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL)), bytes = LISTEN_BYTES;

	PLATFORM_EXPECT(fd >= 0, "no packet socket: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	return fd;
}

static bool is_readable(int fd, int within_ms)
{
	struct pollfd pollfd = {.fd = fd, .events = POLLIN};

	return poll(&pollfd, 1, within_ms) > 0;
}

struct stream {
	size_t sent, received;
};

/* Sends what is taken, and reads what can be read. Whether the buffer is full after that. */
static bool fill(const struct platform_pair *pair, struct stream *stream)
{
	stream->sent += platform_send(pair->client, stream->sent, stream->sent + 100000);
	while (is_readable(pair->server, 0))
		stream->received += platform_receive(pair->server, stream->received);
	return receive_buffer_is_full(pair->server);
}

static void expect_blocked(const struct platform_lab *lab, int fd)
{
	long before = retransmissions(lab);

	PLATFORM_WAIT(retransmissions(lab) > before + 1, "nothing was sent again");
	PLATFORM_EXPECT(!is_readable(fd, QUIET_MS), "it went on by itself");
	PLATFORM_EXPECT(receive_buffer_is_full(fd), "it is not full any more");
}

static void expect(const struct platform_lab *lab, enum size size)
{
	struct stream stream = {0};
	struct platform_pair pair;
	int links;

	platform_pair(lab, "10.10.1.2", &pair);
	platform_transfer(pair.client, pair.server, 1);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	set_size(pair.client, SO_SNDBUF, SEND_BYTES);
	platform_enter(lab->server);
	if (size == SIZE_SET)
		set_size(pair.server, SO_RCVBUF, 1 << 16);
	links = listen_to_links();
	platform_run("nft 'add table inet lab; add chain inet lab input { type filter hook input "
		     "priority 0; }; add rule inet lab input iifname wan1 drop'");
	PLATFORM_WAIT(fill(&pair, &stream), "the buffer is not full after %zu bytes", stream.sent);
	expect_blocked(lab, pair.server);
	PLATFORM_EXPECT(receive_buffer_widen(pair.server), "it cannot be made larger");
	PLATFORM_EXPECT(!receive_buffer_is_full(pair.server), "it is still full");
	while (stream.received < stream.sent) {
		size_t n = platform_receive(pair.server, stream.received);

		stream.received += n;
		PLATFORM_EXPECT(n > 0 || platform_poll(pair.server, POLLIN), "%zu of %zu bytes",
				stream.received, stream.sent);
	}
	platform_run("nft delete table inet lab");
	close(links);
	platform_pair_close(&pair);
	platform_enter(lab->client);
}

int main(void)
{
	struct platform_lab lab;

	platform_begin("a receive buffer that is full of what came out of order stays so");
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	platform_run("ip link set wan2 mtu %d gso_max_segs 1", SHORT_MTU);
	expect(&lab, SIZE_OWN);
	expect(&lab, SIZE_SET);
	return platform_ok();
}
