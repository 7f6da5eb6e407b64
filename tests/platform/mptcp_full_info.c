/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fact: MPTCP_FULL_INFO gives the addresses of every subflow in one call.
 * Relied on by nothing yet: status.
 * Kernel: net/mptcp/sockopt.c, mptcp_getsockopt_full_info(); 6.5.
 */
#include "platform.h"

#include <stdint.h>

#define FULL_INFO    4
#define SUBFLOWS_MAX 4

struct addresses { /* struct mptcp_subflow_info */
	uint32_t id;
	union {
		struct sockaddr_in ip;
		struct sockaddr_storage any;
	} local, remote;
};

struct full_info { /* struct mptcp_full_info */
	uint32_t tcp_info_kernel_bytes;
	uint32_t tcp_info_user_bytes;
	uint32_t addresses_kernel_bytes;
	uint32_t addresses_user_bytes;
	uint32_t n_subflows;
	uint32_t array_length;
	uint64_t addresses;
	uint64_t tcp_info;
	unsigned char mptcp_info[512];
};

int main(void)
{
	struct addresses subflow[SUBFLOWS_MAX] = {0};
	struct tcp_info tcp[SUBFLOWS_MAX] = {0};
	struct full_info info = {
		.tcp_info_user_bytes = sizeof(tcp[0]),
		.addresses_user_bytes = sizeof(subflow[0]),
		.array_length = SUBFLOWS_MAX,
		.addresses = (uintptr_t)subflow,
		.tcp_info = (uintptr_t)tcp,
	};
	socklen_t size = sizeof(info);
	struct platform_pair pair;
	struct platform_lab lab;

	platform_begin("MPTCP_FULL_INFO gives the addresses of every subflow");
	platform_needs_kernel(6, 5);
	platform_lab(&lab, 2);
	platform_lab_announce(&lab, 2);
	platform_pair(&lab, "10.10.1.2", &pair);
	PLATFORM_WAIT(platform_subflows("10.10.2.1", "10.10.2.2") == 1, "no second subflow");
	PLATFORM_EXPECT(getsockopt(pair.client, SOL_MPTCP, FULL_INFO, &info, &size) == 0,
			"it refused: %s", strerror(errno));
	PLATFORM_EXPECT(info.n_subflows == 2, "%u subflows", info.n_subflows);
	for (int i = 0; i < 2; i++) {
		uint32_t remote = ntohl(subflow[i].remote.ip.sin_addr.s_addr);

		PLATFORM_EXPECT(remote == (i == 0 ? 0x0a0a0102 : 0x0a0a0202), "remote %x", remote);
		PLATFORM_EXPECT(tcp[i].tcpi_state == TCP_ESTABLISHED, "state %u",
				tcp[i].tcpi_state);
	}
	return platform_ok();
}
