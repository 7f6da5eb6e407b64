/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: an MPTCP socket accepts the options of this table, before the connection and, where
 * marked, on it.
 * Relied on by kernel/socket.c.
 * Kernel: net/mptcp/sockopt.c.
 */
#include "platform.h"

struct row {
	const char *name;
	int level;
	int option;
	int value;
	bool when_connected;
};

/* clang-format off */
#define ROW(level, option, value, when_connected) {#option, level, option, value, when_connected}
/* clang-format on */

static const struct row rows[] = {
	ROW(SOL_TCP, TCP_NODELAY, 1, true),
	ROW(SOL_TCP, TCP_KEEPIDLE, 30, true),
	ROW(SOL_TCP, TCP_KEEPINTVL, 5, true),
	ROW(SOL_TCP, TCP_KEEPCNT, 4, true),
	ROW(SOL_TCP, TCP_NOTSENT_LOWAT, 131072, true),
	ROW(SOL_TCP, TCP_MAXSEG, 1200, true),
	ROW(SOL_TCP, TCP_DEFER_ACCEPT, 5, false),
	ROW(SOL_TCP, TCP_FASTOPEN, 16, false),
	ROW(SOL_TCP, TCP_FASTOPEN_CONNECT, 1, false),
	ROW(SOL_TCP, TCP_INQ, 1, true),
	ROW(SOL_SOCKET, SO_KEEPALIVE, 1, true),
	ROW(SOL_SOCKET, SO_REUSEADDR, 1, false),
	ROW(SOL_SOCKET, SO_REUSEPORT, 1, false),
	ROW(SOL_SOCKET, SO_MARK, 7, true),
	ROW(SOL_SOCKET, SO_RCVBUF, 1 << 17, true),
	ROW(SOL_SOCKET, SO_SNDBUF, 1 << 17, true),
	ROW(SOL_SOCKET, SO_PRIORITY, 3, true),
	ROW(SOL_IP, IP_TOS, 0x10, true),
	ROW(SOL_IP, IP_FREEBIND, 1, false),
	ROW(SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1, false),
	ROW(SOL_IP, IP_TRANSPARENT, 1, false),
};

static const struct row rows_6[] = {
	ROW(SOL_IPV6, IPV6_V6ONLY, 1, false),
	ROW(SOL_IPV6, IPV6_FREEBIND, 1, false),
	ROW(SOL_IPV6, IPV6_TRANSPARENT, 1, false),
};

static void set(int fd, const struct row *row, const char *when)
{
	int rc = setsockopt(fd, row->level, row->option, &row->value, sizeof(row->value));

	PLATFORM_EXPECT(rc == 0, "%s refused %s: %s", row->name, when, strerror(errno));
}

static void set_all(int family, const struct row *table, size_t n, int connected)
{
	for (size_t i = 0; i < n; i++) {
		int fd = socket(family, SOCK_STREAM, IPPROTO_MPTCP);

		set(fd, &table[i], "on a new socket");
		close(fd);
		if (table[i].when_connected)
			set(connected, &table[i], "on a connection");
	}
}

static void set_text(int fd, int level, int option, const char *text, const char *name)
{
	int rc = setsockopt(fd, level, option, text, (socklen_t)strlen(text));

	PLATFORM_EXPECT(rc == 0, "%s %s refused: %s", name, text, strerror(errno));
}

int main(void)
{
	struct platform_pair pair;
	struct platform_lab lab;
	int fresh;

	platform_begin("an MPTCP socket accepts the options that the relay sets");
	platform_lab(&lab, 1);
	platform_pair(&lab, "10.10.1.2", &pair);
	set_all(AF_INET, rows, sizeof(rows) / sizeof(rows[0]), pair.client);
	set_all(AF_INET, rows, sizeof(rows) / sizeof(rows[0]), pair.server);
	set_all(AF_INET6, rows_6, sizeof(rows_6) / sizeof(rows_6[0]), pair.client);
	fresh = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);
	set_text(fresh, SOL_SOCKET, SO_BINDTODEVICE, "wan1", "SO_BINDTODEVICE");
	set_text(fresh, SOL_TCP, TCP_CONGESTION, "reno", "TCP_CONGESTION");
	set_text(pair.client, SOL_TCP, TCP_CONGESTION, "reno", "TCP_CONGESTION");
	return platform_ok();
}
