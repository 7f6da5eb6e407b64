/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: removing an endpoint closes its subflow, as SOCK_DESTROY does, and what that had in flight
 * goes at once by the other.
 * Relied on by paths/actor.c (a link that died), relay/rescue.c (a subflow that holds its
 * connection up).
 * Kernel: net/mptcp/protocol.c, __mptcp_close_ssk(), __mptcp_retransmit_pending_data();
 * net/ipv4/tcp_diag.c, tcp_diag_destroy().
 *
 * What is lost on link 2 would arrive in the end without our help: its own time-out is 60 s
 * here, but the connection's comes after about 1 s. That one is counted (MPTCPRetrans), and must
 * not have been at work. On a machine so busy that it came first the attempt says nothing, and is
 * repeated.
 */
#include "platform.h"

#include "kernel/inet_diag.h"

#include <poll.h>

#define LINK "10.10.2.1"

static void remove_endpoint(void)
{
	platform_run("ip mptcp endpoint delete id 255");
}

/* Who listens at the address of one that is gone, as a server does, is not taken for it. */
static void expect_listener_spared(const struct inet_diag_subflow *gone)
{
	struct sockaddr_storage address;
	socklen_t length = platform_address(LINK, gone->local.port, &address);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1, error;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	PLATFORM_EXPECT(bind(fd, (struct sockaddr *)&address, length) == 0 && listen(fd, 1) == 0,
			"cannot listen: %s", strerror(errno));
	error = inet_diag_destroy(gone);
	PLATFORM_EXPECT(error, "the listener in its place was closed");
	PLATFORM_EXPECT(platform_option(fd, SOL_SOCKET, SO_ACCEPTCONN) == 1,
			"the listener in its place is gone: %s", strerror(-error));
	close(fd);
}

/* The subflow of link 2 among all that go to the server. */
static void destroy(void)
{
	struct inet_diag_subflows subflows = {0};
	struct address local;
	int error;

	PLATFORM_EXPECT(address_parse(LINK, &local), "no address");
	error = inet_diag_dump(0, PLATFORM_PORT, &subflows);
	PLATFORM_EXPECT(!error, "%s", strerror(-error));
	for (size_t i = 0; i < subflows.n; i++) {
		const struct inet_diag_subflow *subflow = &subflows.item[i];

		if (!address_ip_equal(&subflow->local, &local))
			continue;
		PLATFORM_EXPECT(subflow->ifindex > 0, "it is bound to no interface");
		error = inet_diag_destroy(subflow);
		if (error == -EOPNOTSUPP)
			platform_skip("no CONFIG_INET_DIAG_DESTROY");
		PLATFORM_EXPECT(!error, "%s", strerror(-error));
		expect_listener_spared(subflow);
	}
	array_free(&subflows);
}

/* Sends while both links lose everything, so that both hold a part; how much that was. */
static size_t send_into_the_void(const struct platform_lab *lab, int fd)
{
	size_t sent = 0, n;

	do {
		n = platform_send(fd, sent, sent + 100000);
		sent += n;
	} while (n > 0);
	platform_enter(lab->client);
	PLATFORM_EXPECT(platform_lines("ss -Htn state established src " LINK " | "
				       "awk '$2 > 0'") == 1,
			"nothing on link 2 of %zu bytes", sent);
	platform_enter(lab->server);
	return sent;
}

/* Whether everything arrived without the connection's own retransmission. */
static bool attempt(const struct platform_lab *lab, void (*close_subflow)(void))
{
	size_t sent, received = 0;
	struct platform_pair pair;
	long before;

	platform_run("ip mptcp endpoint add " LINK " id 255 dev wan2 subflow");
	platform_pair(lab, PLATFORM_RENTED, &pair);
	platform_transfer(pair.client, pair.server, 1);
	PLATFORM_WAIT(platform_subflows(LINK, PLATFORM_RENTED) == 1, "no second subflow");
	before = platform_counter("MPTcpExtMPTCPRetrans");
	platform_enter(lab->server);
	platform_run("nft 'add table inet lab; add chain inet lab input { type filter hook input "
		     "priority 0; policy drop; }'");
	sent = send_into_the_void(lab, pair.client);
	platform_run("nft add rule inet lab input iifname != wan2 accept");
	platform_enter(lab->client);
	close_subflow();
	while (received < sent) {
		PLATFORM_EXPECT(platform_poll(pair.server, POLLIN), "%zu of %zu bytes", received,
				sent);
		received += platform_receive(pair.server, received);
	}
	platform_pair_close(&pair);
	platform_run("ip mptcp endpoint flush");
	platform_enter(lab->server);
	platform_run("nft delete table inet lab");
	platform_enter(lab->client);
	return platform_counter("MPTcpExtMPTCPRetrans") == before;
}

static void expect(const struct platform_lab *lab, void (*close_subflow)(void))
{
	const int attempts_max = 5;
	int attempts = 1;

	while (!attempt(lab, close_subflow))
		PLATFORM_EXPECT(attempts++ < attempts_max, "MPTCPRetrans at work each time");
}

int main(void)
{
	struct platform_lab lab;

	platform_begin("what a subflow has in flight is re-injected when it is closed");
	platform_lab(&lab, 2);
	platform_lab_rent(2);
	platform_run("ip route change %s via 10.10.2.2 table 102 rto_min 60s", PLATFORM_RENTED);
	platform_run("ip rule add from " LINK " to %s ipproto tcp dport %d lookup 102",
		     PLATFORM_RENTED, PLATFORM_PORT);
	expect(&lab, remove_endpoint);
	expect(&lab, destroy);
	return platform_ok();
}
