/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: removing an endpoint closes its subflow, and what that had in flight goes at once by the
 * other.
 * Relied on by paths/actor.c (a link that died).
 * Kernel: net/mptcp/protocol.c, __mptcp_close_ssk(), __mptcp_retransmit_pending_data().
 *
 * What is lost on link 2 would arrive in the end without our help: its own time-out is 60 s
 * here, but the connection's comes after about 1 s. That one is counted (MPTCPRetrans), and must
 * not have been at work. On a machine so busy that it came first the attempt says nothing, and is
 * repeated.
 */
#include "platform.h"

#include <poll.h>

/* Sends while both links lose everything, so that both hold a part; how much that was. */
static size_t send_into_the_void(const struct platform_lab *lab, int fd)
{
	size_t sent = 0, n;

	do {
		n = platform_send(fd, sent, sent + 100000);
		sent += n;
	} while (n > 0);
	platform_enter(lab->client);
	PLATFORM_EXPECT(platform_lines("ss -Htn state established src 10.10.2.1 | "
				       "awk '$2 > 0'") == 1,
			"nothing on link 2 of %zu bytes", sent);
	platform_enter(lab->server);
	return sent;
}

/* Whether everything arrived without the connection's own retransmission. */
static bool attempt(const struct platform_lab *lab)
{
	size_t sent, received = 0;
	struct platform_pair pair;
	long before;

	platform_run("ip mptcp endpoint add 10.10.2.1 id 255 dev wan2 subflow");
	platform_pair(lab, PLATFORM_RENTED, &pair);
	platform_transfer(pair.client, pair.server, 1);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", PLATFORM_RENTED) == 1, "no second subflow");
	before = platform_counter("MPTcpExtMPTCPRetrans");
	platform_enter(lab->server);
	platform_run("nft 'add table inet lab; add chain inet lab input { type filter hook input "
		     "priority 0; policy drop; }'");
	sent = send_into_the_void(lab, pair.client);
	platform_run("nft add rule inet lab input iifname != wan2 accept");
	platform_enter(lab->client);
	platform_run("ip mptcp endpoint delete id 255");
	while (received < sent) {
		PLATFORM_EXPECT(platform_poll(pair.server, POLLIN), "%zu of %zu bytes", received,
				sent);
		received += platform_receive(pair.server, received);
	}
	platform_pair_close(&pair);
	platform_enter(lab->server);
	platform_run("nft delete table inet lab");
	platform_enter(lab->client);
	return platform_counter("MPTcpExtMPTCPRetrans") == before;
}

int main(void)
{
	const int attempts_max = 5;
	struct platform_lab lab;
	int attempts = 1;

	platform_begin("removing an endpoint re-injects what its subflow had in flight");
	platform_lab(&lab, 2);
	platform_lab_rent(2);
	platform_run("ip route change %s via 10.10.2.2 table 102 rto_min 60s", PLATFORM_RENTED);
	platform_run("ip rule add from 10.10.2.1 to %s ipproto tcp dport %d lookup 102",
		     PLATFORM_RENTED, PLATFORM_PORT);
	while (!attempt(&lab))
		PLATFORM_EXPECT(attempts++ < attempts_max, "MPTCPRetrans at work each time");
	return platform_ok();
}
