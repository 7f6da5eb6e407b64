/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: for an IPv4 connection that a dual-stack AF_INET6 listener accepted, SO_ORIGINAL_DST gives
 * an IPv4 address at SOL_IP, and ENOENT at SOL_IPV6.
 * Relied on by kernel/socket.c, relay/intercept.c (the connection's own family decides).
 * Kernel: net/ipv6/ipv6_sockglue.c, net/netfilter/nf_conntrack_proto.c, ipv6_getorigdst().
 */
#include "platform.h"

static int ask(int fd, int level, struct sockaddr_storage *found)
{
	socklen_t size = sizeof(*found);

	memset(found, 0, sizeof(*found));
	return getsockopt(fd, level, SO_ORIGINAL_DST, found, &size) < 0 ? -errno : 0;
}

int main(void)
{
	struct sockaddr_storage found, wanted;
	struct platform_lab lab;
	socklen_t size = platform_address("203.0.113.7", 80, &wanted);
	int listener, client, server, rc;

	platform_begin(
		"SO_ORIGINAL_DST of an IPv4 connection on an AF_INET6 listener is asked at SOL_IP");
	platform_lab(&lab, 1);
	platform_run("ip route add 203.0.113.0/24 via 10.10.1.2");
	platform_enter(lab.server);
	platform_run("nft 'add table inet lab; add chain inet lab nat { type nat hook prerouting "
		     "priority dstnat; }; add rule inet lab nat tcp dport 80 redirect to :%d'",
		     PLATFORM_PORT);
	listener = platform_listen("::", 0);
	platform_enter(lab.client);
	client = socket(AF_INET, SOCK_STREAM, 0);
	PLATFORM_EXPECT(platform_connect(client, "203.0.113.7", 80) == 0, "no connection");
	server = platform_accept(listener);
	rc = ask(server, SOL_IP, &found);
	PLATFORM_EXPECT(rc == 0, "%s at SOL_IP", strerror(-rc));
	PLATFORM_EXPECT(memcmp(&found, &wanted, size) == 0, "another address at SOL_IP");
	rc = ask(server, SOL_IPV6, &found);
	PLATFORM_EXPECT(rc == -ENOENT, "%s at SOL_IPV6", strerror(-rc));
	return platform_ok();
}
