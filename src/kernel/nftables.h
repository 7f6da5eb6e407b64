/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes of nftables, as the kernel tells them: who touched a table? */
#ifndef MPBRIDGE_NFTABLES_H
#define MPBRIDGE_NFTABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What was heard of one table of the family inet. */
struct nftables_watch {
	const char *table;
	bool is_touched;  /* in the transaction that is being told */
	bool has_changed; /* in one that is complete */
	uint32_t pid;	  /* of the process that did the last such one, and its name; 0: not told */
	char program[32];
};

/* A non-blocking socket on which changes arrive. An fd or -errno. */
int nftables_open_events(void);

/*
 * Takes the messages in the `bytes` that came in one read, at an address aligned to NLMSG_ALIGNTO.
 * Pure: whatever they hold, it reads nothing outside of them. (nf_tables_api.c: the messages of a
 * transaction come before its NFT_MSG_NEWGEN.)
 */
void nftables_take(struct nftables_watch *watch, const void *events, size_t bytes);

/* Reads all that waits. 0; -ENOBUFS: events were lost; another -errno. */
int nftables_read_events(int fd, struct nftables_watch *watch);

#endif
