/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: SO_ORIGINAL_DST on a plain TCP socket behind REDIRECT gives the destination the host asked
 * for, IPv4 and IPv6; for a connection that was not redirected it gives the socket's own address,
 * and ENOENT where nothing tracks connections.
 * Relied on by kernel/socket.c, relay/intercept.c.
 * Kernel: net/netfilter/nf_conntrack_proto.c, getorigdst().
 */
#include "platform.h"

#include <arpa/inet.h>

struct family {
	int level;
	const char *own, *wanted;
};

static const struct family families[] = {
	{SOL_IP, "10.10.1.2", "203.0.113.7"},
	{SOL_IPV6, "fd00:10:1::2", "2001:db8::7"},
};

/* Connects to ip:port, accepts, and asks where that connection wanted to go. 0 or -errno. */
static int ask(const struct platform_lab *lab, const struct family *f, const char *ip, int port,
	       struct sockaddr_storage *found)
{
	socklen_t size = sizeof(*found);
	int listener, client, server, rc;

	platform_enter(lab->server);
	listener = platform_listen(strchr(ip, ':') ? "::" : "0.0.0.0", 0);
	platform_enter(lab->client);
	client = socket(strchr(ip, ':') ? AF_INET6 : AF_INET, SOCK_STREAM, 0);
	rc = platform_connect(client, ip, port);
	PLATFORM_EXPECT(rc == 0, "connect %s: %s", ip, strerror(-rc));
	server = platform_accept(listener);
	memset(found, 0, sizeof(*found));
	rc = getsockopt(server, f->level, SO_ORIGINAL_DST, found, &size) < 0 ? -errno : 0;
	close(client);
	close(server);
	close(listener);
	return rc;
}

static void expect_found(const struct platform_lab *lab, const struct family *f, const char *ip,
			 int port)
{
	struct sockaddr_storage found, wanted;
	socklen_t size = platform_address(ip, port, &wanted);
	int rc = ask(lab, f, ip, port, &found);

	PLATFORM_EXPECT(rc == 0, "%s: %s", ip, strerror(-rc));
	PLATFORM_EXPECT(memcmp(&found, &wanted, size) == 0, "another address than %s:%d", ip, port);
}

int main(void)
{
	struct sockaddr_storage found;
	struct platform_lab lab;

	platform_begin("SO_ORIGINAL_DST gives the destination before REDIRECT");
	platform_lab(&lab, 1);
	platform_run("ip route add 203.0.113.0/24 via 10.10.1.2; "
		     "ip route add 2001:db8::/32 via fd00:10:1::2");
	for (int i = 0; i < 2; i++) {
		int rc = ask(&lab, &families[i], families[i].own, PLATFORM_PORT, &found);

		PLATFORM_EXPECT(rc == -ENOENT, "%s without tracking: %s", families[i].own,
				strerror(-rc));
	}
	platform_enter(lab.server);
	platform_run("nft 'add table inet lab; add chain inet lab nat { type nat hook prerouting "
		     "priority dstnat; }; add rule inet lab nat tcp dport 80 redirect to :%d'",
		     PLATFORM_PORT);
	for (int i = 0; i < 2; i++) {
		expect_found(&lab, &families[i], families[i].wanted, 80);
		expect_found(&lab, &families[i], families[i].own, PLATFORM_PORT);
	}
	return platform_ok();
}
