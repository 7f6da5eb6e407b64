/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of nftables, as the kernel tells them. */
#include "kernel/nftables.h"

#include "kernel/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FAMILY_INET 1 /* NFPROTO_INET: linux/netfilter.h cannot be included beside netinet/in.h */

/* The first attribute of every object that belongs to a table is the table's name. */
#define OWNING_TABLE NFTA_TABLE_NAME

int nftables_open_events(void)
{
	struct sockaddr_nl name = {.nl_family = AF_NETLINK,
				   .nl_groups = 1u << (NFNLGRP_NFTABLES - 1)};
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);

	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

static void end_transaction(struct nftables_watch *watch, const struct nlmsghdr *message)
{
	const struct nlattr *table[NFTA_GEN_MAX + 1];
	const char *program;

	if (!watch->is_touched)
		return;
	watch->is_touched = false;
	watch->has_changed = true;
	netlink_attributes(message, sizeof(struct nfgenmsg), table, NFTA_GEN_MAX);
	watch->pid = ntohl(netlink_u32(table[NFTA_GEN_PROC_PID], 0));
	program = netlink_text(table[NFTA_GEN_PROC_NAME]);
	snprintf(watch->program, sizeof(watch->program), "%s", program ? program : "");
}

static void take_message(struct nftables_watch *watch, const struct nlmsghdr *message)
{
	const struct nfgenmsg *header = netlink_header(message, sizeof(*header));
	const struct nlattr *table[OWNING_TABLE + 1];
	const char *name;

	if (!header || message->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
		return;
	if ((message->nlmsg_type & 0xff) == NFT_MSG_NEWGEN) {
		end_transaction(watch, message);
		return;
	}
	if (header->nfgen_family != FAMILY_INET)
		return;
	netlink_attributes(message, sizeof(*header), table, OWNING_TABLE);
	name = netlink_text(table[OWNING_TABLE]);
	if (name && strcmp(name, watch->table) == 0)
		watch->is_touched = true;
}

void nftables_take(struct nftables_watch *watch, const void *events, size_t bytes)
{
	const struct nlmsghdr *message = events;
	int left = (int)bytes;

	for (; netlink_has_message(message, left); message = netlink_next(message, &left))
		take_message(watch, message);
}

int nftables_read_events(int fd, struct nftables_watch *watch)
{
	_Alignas(NLMSG_ALIGNTO) char buffer[32768];

	for (;;) {
		ssize_t received = recv(fd, buffer, sizeof(buffer), 0);

		if (received < 0)
			return errno == EAGAIN ? 0 : -errno;
		nftables_take(watch, buffer, (size_t)received);
	}
}
