/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: an MPTCP socket refuses the options of this table, which a flow must survive.
 * Relied on by kernel/socket.c (it sets none of them).
 * Kernel: net/mptcp/sockopt.c.
 *
 * An option that a later kernel accepts is a chance, and worth a look: so it counts as "differs".
 */
#include "platform.h"

/* clang-format off */
#define ROW(level, option, value) {#option, level, option, value}
/* clang-format on */

static const struct {
	const char *name;
	int level;
	int option;
	int value;
} rows[] = {
	ROW(SOL_TCP, TCP_USER_TIMEOUT, 10000), ROW(SOL_TCP, TCP_SYNCNT, 2),
	ROW(SOL_TCP, TCP_QUICKACK, 1),	       ROW(SOL_TCP, TCP_WINDOW_CLAMP, 65536),
	ROW(SOL_TCP, TCP_RTO_MAX_MS, 2000),    ROW(SOL_SOCKET, SO_ZEROCOPY, 1),
	ROW(SOL_IP, IP_MTU_DISCOVER, 2),       ROW(SOL_SOCKET, SO_MAX_PACING_RATE, 1000000),
	ROW(SOL_SOCKET, SO_OOBINLINE, 1),
};

static bool is_refusal(int error)
{
	return error == EOPNOTSUPP || error == ENOPROTOOPT;
}

static void expect_refused(int fd, const char *when)
{
	struct sockaddr_in destination;
	socklen_t size = sizeof(destination);
	int rc;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		rc = setsockopt(fd, rows[i].level, rows[i].option, &rows[i].value, sizeof(int));
		PLATFORM_EXPECT(rc < 0 && is_refusal(errno), "%s, %s: %s", rows[i].name, when,
				rc == 0 ? "accepted" : strerror(errno));
	}
	rc = setsockopt(fd, SOL_TCP, TCP_ULP, "tls", 3);
	PLATFORM_EXPECT(rc < 0 && is_refusal(errno), "TCP_ULP tls, %s: %s", when,
			rc == 0 ? "accepted" : strerror(errno));
	rc = getsockopt(fd, SOL_IP, SO_ORIGINAL_DST, &destination, &size);
	PLATFORM_EXPECT(rc < 0 && is_refusal(errno), "SO_ORIGINAL_DST, %s: %s", when,
			rc == 0 ? "accepted" : strerror(errno));
}

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("an MPTCP socket refuses the options that only TCP has");
	platform_lab(&lab, 1);
	platform_pair(&lab, "10.10.1.2", &pair);
	expect_refused(socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP), "new");
	expect_refused(pair.client, "connected");
	expect_refused(pair.server, "accepted");
	return platform_ok();
}
