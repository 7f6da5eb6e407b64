/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: SIOCOUTQ on an MPTCP socket counts the bytes that the peer has not acknowledged.
 * Relied on by kernel/socket.c, relay/flow.c.
 * Kernel: net/mptcp/protocol.c, mptcp_ioctl().
 */
#include "platform.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

static int unacknowledged(int fd)
{
	int bytes = -1;

	PLATFORM_EXPECT(ioctl(fd, SIOCOUTQ, &bytes) == 0, "SIOCOUTQ: %s", strerror(errno));
	return bytes;
}

int main(void)
{
	const int bytes = 5000;
	struct platform_pair pair;
	struct platform_lab lab;
	char data[5000] = {0};

	platform_begin("SIOCOUTQ of an MPTCP socket counts what is not acknowledged");
	platform_lab(&lab, 1);
	platform_pair(&lab, "10.10.1.2", &pair);
	platform_transfer(pair.client, pair.server, 1000);
	PLATFORM_WAIT(unacknowledged(pair.client) == 0, "%d bytes", unacknowledged(pair.client));
	platform_enter(lab.server);
	platform_run("nft 'add table inet lab; add chain inet lab input { type filter hook input "
		     "priority 0; policy drop; }'");
	PLATFORM_EXPECT(send(pair.client, data, sizeof(data), 0) == bytes, "a short send");
	PLATFORM_EXPECT(unacknowledged(pair.client) == bytes, "%d of %d bytes",
			unacknowledged(pair.client), bytes);
	platform_run("nft delete table inet lab");
	PLATFORM_WAIT(unacknowledged(pair.client) == 0, "%d bytes left",
		      unacknowledged(pair.client));
	return platform_ok();
}
