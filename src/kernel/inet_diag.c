/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TCP connections and MPTCP subflows over NETLINK_SOCK_DIAG (net/ipv4/inet_diag.c). */
#include "kernel/inet_diag.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/mptcp.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* include/net/tcp_states.h; the C library's header has them too, but not the whole tcp_info. */
#define STATE_ESTABLISHED 1
#define STATE_SYN_SENT	  2

/* What the far end has agreed to. Without it an open subflow is one of plain TCP, though it keeps
 * the kernel's extension (subflow_get_info(), net/mptcp/diag.c). */
#define AGREED_FLAGS (MPTCP_SUBFLOW_FLAG_MCAP_REM | JOIN_FLAGS)
#define JOIN_FLAGS   (MPTCP_SUBFLOW_FLAG_JOIN_REM | MPTCP_SUBFLOW_FLAG_JOIN_LOC)
#define BACKUP_FLAGS (MPTCP_SUBFLOW_FLAG_BKUP_REM | MPTCP_SUBFLOW_FLAG_BKUP_LOC)

static struct address address_of(uint8_t family, const __be32 *words, __be16 port)
{
	struct address address = address_from_bytes(family, (const uint8_t *)words);

	address.port = ntohs(port);
	return address;
}

/* An older kernel has a shorter tcp_info, a younger one a longer one. */
static void read_info(const struct nlattr *attribute, struct inet_diag_subflow *subflow)
{
	struct tcp_info info = {0};
	size_t bytes;

	if (!attribute)
		return;
	bytes = netlink_value_bytes(attribute);
	memcpy(&info, netlink_value(attribute), bytes < sizeof(info) ? bytes : sizeof(info));
	subflow->rtt_us = info.tcpi_rtt;
	subflow->bytes_acked = info.tcpi_bytes_acked;
	subflow->bytes_received = info.tcpi_bytes_received;
	subflow->bytes_sent = info.tcpi_bytes_sent;
	subflow->bytes_sent_again = info.tcpi_bytes_retrans;
	subflow->delivery_rate = info.tcpi_delivery_rate;
}

static void read_mptcp(const struct nlattr *ulp, struct inet_diag_subflow *subflow)
{
	const struct nlattr *outer[INET_ULP_INFO_MPTCP + 1];
	const struct nlattr *table[MPTCP_SUBFLOW_ATTR_MAX + 1];
	uint32_t flags;

	if (!ulp)
		return;
	netlink_nested_attributes(ulp, outer, INET_ULP_INFO_MPTCP);
	if (!outer[INET_ULP_INFO_MPTCP])
		return;
	netlink_nested_attributes(outer[INET_ULP_INFO_MPTCP], table, MPTCP_SUBFLOW_ATTR_MAX);
	flags = netlink_u32(table[MPTCP_SUBFLOW_ATTR_FLAGS], 0);
	subflow->is_mptcp = !subflow->is_established || flags & AGREED_FLAGS;
	subflow->is_joined = flags & JOIN_FLAGS;
	subflow->is_backup = flags & BACKUP_FLAGS;
	subflow->token = netlink_u32(table[MPTCP_SUBFLOW_ATTR_TOKEN_LOC], 0);
}

static void read_congestion_control(const struct nlattr *attribute,
				    struct inet_diag_subflow *subflow)
{
	if (attribute)
		snprintf(subflow->congestion_control, sizeof(subflow->congestion_control), "%.*s",
			 netlink_value_bytes(attribute), (const char *)netlink_value(attribute));
}

static void read_subflow(const struct nlmsghdr *message, struct inet_diag_subflow *subflow)
{
	const struct inet_diag_msg *head = netlink_payload(message);
	const struct nlattr *table[INET_DIAG_MAX + 1];

	netlink_attributes(message, sizeof(*head), table, INET_DIAG_MAX);
	subflow->local = address_of(head->idiag_family, head->id.idiag_src, head->id.idiag_sport);
	subflow->remote = address_of(head->idiag_family, head->id.idiag_dst, head->id.idiag_dport);
	subflow->ifindex = head->id.idiag_if;
	subflow->cookie = (uint64_t)head->id.idiag_cookie[1] << 32 | head->id.idiag_cookie[0];
	subflow->is_established = head->idiag_state == STATE_ESTABLISHED;
	read_info(table[INET_DIAG_INFO], subflow);
	read_mptcp(table[INET_DIAG_ULP_INFO], subflow);
	read_congestion_control(table[INET_DIAG_CONG], subflow);
}

int inet_diag_on_socket(const struct nlmsghdr *message, void *context)
{
	const struct inet_diag_msg *head = netlink_header(message, sizeof(*head));
	struct inet_diag_subflows *subflows = context;
	struct inet_diag_subflow *subflow;

	if (!head)
		return -EBADMSG;
	if (head->idiag_family != AF_INET && head->idiag_family != AF_INET6)
		return 0;
	if (subflows->n >= INET_DIAG_MOST) {
		subflows->n_left_out++;
		return 0;
	}
	subflow = array_append(subflows);
	if (!subflow)
		return -ENOMEM;
	read_subflow(message, subflow);
	return 0;
}

/* The kernel skips other ports and states itself (inet_diag_dump_icsk()). */
static int dump_family(struct netlink *netlink, sa_family_t family, uint16_t local_port,
		       uint16_t remote_port, struct inet_diag_subflows *subflows)
{
	struct netlink_request request;
	struct nlmsghdr *message = netlink_prepare(&request, SOCK_DIAG_BY_FAMILY, 0);
	struct inet_diag_req_v2 *ask = netlink_extend(message, sizeof(*ask));

	ask->sdiag_family = (uint8_t)family;
	ask->sdiag_protocol = IPPROTO_TCP;
	ask->idiag_ext = 1 << (INET_DIAG_INFO - 1) | 1 << (INET_DIAG_CONG - 1);
	ask->idiag_states = 1 << STATE_ESTABLISHED | 1 << STATE_SYN_SENT;
	ask->id.idiag_sport = htons(local_port);
	ask->id.idiag_dport = htons(remote_port);
	ask->id.idiag_cookie[0] = ask->id.idiag_cookie[1] = INET_DIAG_NOCOOKIE;
	return netlink_dump(netlink, message, inet_diag_on_socket, subflows);
}

int inet_diag_dump(uint16_t local_port, uint16_t remote_port, struct inet_diag_subflows *subflows)
{
	struct netlink netlink;
	int error = netlink_open(&netlink, NETLINK_SOCK_DIAG);

	if (error)
		return error;
	error = dump_family(&netlink, AF_INET, local_port, remote_port, subflows);
	if (!error)
		error = dump_family(&netlink, AF_INET6, local_port, remote_port, subflows);
	netlink_close(&netlink);
	return error;
}

/*
 * The kernel looks for the addresses, and takes a listener where no connection has them
 * (inet_diag_find_one_icsk()); the cookie says which socket is meant. That of a bound one is found
 * by its interface alone.
 */
int inet_diag_destroy(const struct inet_diag_subflow *subflow)
{
	struct netlink netlink;
	struct netlink_request request;
	struct nlmsghdr *message = netlink_prepare(&request, SOCK_DESTROY, 0);
	struct inet_diag_req_v2 *ask = netlink_extend(message, sizeof(*ask));
	int error = netlink_open(&netlink, NETLINK_SOCK_DIAG);

	if (error)
		return error;
	ask->sdiag_family = (uint8_t)subflow->local.family;
	ask->sdiag_protocol = IPPROTO_TCP;
	ask->id.idiag_sport = htons(subflow->local.port);
	ask->id.idiag_dport = htons(subflow->remote.port);
	memcpy(ask->id.idiag_src, subflow->local.ip, address_ip_bytes(&subflow->local));
	memcpy(ask->id.idiag_dst, subflow->remote.ip, address_ip_bytes(&subflow->remote));
	ask->id.idiag_if = subflow->ifindex;
	ask->id.idiag_cookie[0] = (uint32_t)subflow->cookie;
	ask->id.idiag_cookie[1] = (uint32_t)(subflow->cookie >> 32);
	error = netlink_ask(&netlink, message, NULL, NULL);
	netlink_close(&netlink);
	return error;
}
