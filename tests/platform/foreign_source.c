/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: with CAP_NET_RAW and no other capability a socket may connect from an address that is
 * somebody else's, and from a port that another such socket has to another destination. What is
 * sent there comes to it where nftables marks it (`socket transparent`) and a rule leads the mark
 * to a local route; in TIME-WAIT, too. A connection that runs does without that while no route
 * changes.
 * Relied on by relay/source.c, daemon/privilege.c, firewall/ruleset.c.
 * Kernel: net/ipv4/ip_sockglue.c, IP_TRANSPARENT; net/netfilter/nft_socket.c; 5.12.
 * net/ipv4/tcp_ipv4.c, tcp_v4_early_demux().
 */
#include "platform.h"

#include <linux/capability.h>
#include <sys/syscall.h>

#define HOST	  "10.77.0.2"
#define HOST_PORT 40000
#define MARKING                                                                                    \
	"add table inet lab; add chain inet lab in { type filter hook prerouting priority "        \
	"mangle; }; add rule inet lab in socket wildcard 1 return; "                               \
	"add rule inet lab in socket transparent 1 meta mark set 1"

/* Of what the process may have; it keeps that. */
static void use_only(uint32_t capabilities)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	PLATFORM_EXPECT(syscall(SYS_capget, &header, data) == 0, "capget: %s", strerror(errno));
	data[0].effective = capabilities ? capabilities : data[0].permitted;
	data[1].effective = capabilities ? 0 : data[1].permitted;
	PLATFORM_EXPECT(syscall(SYS_capset, &header, data) == 0, "capset: %s", strerror(errno));
}

static int dial_as_host(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1, rc;
	struct sockaddr_storage host;
	socklen_t length = platform_address(HOST, HOST_PORT, &host);

	use_only(1u << CAP_NET_RAW);
	rc = setsockopt(fd, SOL_IP, IP_TRANSPARENT, &on, sizeof(on));
	PLATFORM_EXPECT(rc == 0, "IP_TRANSPARENT: %s", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	rc = bind(fd, (struct sockaddr *)&host, length);
	PLATFORM_EXPECT(rc == 0, "bind(): %s", strerror(errno));
	rc = platform_connect(fd, "10.10.1.1", port);
	PLATFORM_EXPECT(rc == 0, "connect(): %s", strerror(-rc));
	use_only(0);
	return fd;
}

static int listen_on(int port)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_storage any;
	socklen_t length = platform_address("0.0.0.0", port, &any);

	PLATFORM_EXPECT(bind(fd, (struct sockaddr *)&any, length) == 0 && listen(fd, 8) == 0,
			"no listener: %s", strerror(errno));
	return fd;
}

int main(void)
{
	struct platform_lab lab;
	int listener[2], near[2], far[2];

	platform_begin("CAP_NET_RAW is enough for a connection from somebody else's address");
	platform_lab(&lab, 1);
	platform_run("ip route add 10.77.0.0/24 via 10.10.1.2");
	listener[0] = listen_on(PLATFORM_PORT);
	listener[1] = listen_on(PLATFORM_PORT + 1);
	platform_enter(lab.server);
	platform_run("nft '" MARKING "'");
	platform_run("ip rule add fwmark 1 lookup 100 && ip route add local default dev lo table "
		     "100");
	for (int i = 0; i < 2; i++) {
		near[i] = dial_as_host(PLATFORM_PORT + i);
		far[i] = platform_accept(listener[i]);
	}
	platform_transfer(near[0], far[0], 1 << 20);
	platform_transfer(far[1], near[1], 1 << 20);
	platform_run("nft flush ruleset");
	platform_transfer(far[1], near[1], 1 << 20);
	platform_run("nft '" MARKING "'");
	close(near[0]); /* the FIN of the other end comes to TIME-WAIT */
	close(far[0]);
	PLATFORM_WAIT(platform_lines("ss -tanH state time-wait src " HOST) == 1, "no TIME-WAIT");
	return platform_ok();
}
