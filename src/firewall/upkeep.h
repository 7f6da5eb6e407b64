/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Upkeep: a table of ours stays in the kernel as it was written, whoever changes it. */
#ifndef MPBRIDGE_UPKEEP_H
#define MPBRIDGE_UPKEEP_H

#include "base/log.h"
#include "base/loop.h"
#include "kernel/nftables.h"

#include <stdint.h>

#define UPKEEP_RETRY_MS 1000u

struct upkeep {
	const char *topic; /* what the log calls it */
	const char *key;   /* of the configuration, that wants it */
	/* Somebody may have changed the table: upkeep_follow() is due in so many ms. */
	void (*on_touched)(struct upkeep *upkeep, uint32_t delay_ms);
	struct loop *loop; /* NULL: not started */
	struct watch events;
	struct nftables_watch heard;
	char *text;    /* that nft was given last; NULL: not yet */
	char *listing; /* what it listed then */
	uint64_t n_restored;
	uint64_t fight_ms; /* when it was begun to count how often lately */
	unsigned n_lately;
	struct log_limit told;
};

/* Of a table of the family inet. The texts stay the caller's, for as long as it is used. */
void upkeep_init(struct upkeep *upkeep, const char *table, const char *topic, const char *key,
		 void (*on_touched)(struct upkeep *upkeep, uint32_t delay_ms));

/* Hears from now on who touches the table. 0 or -errno. */
int upkeep_start(struct upkeep *upkeep, struct loop *loop);

/*
 * Has nft do the text, which replaces the table, if it is another one than before, or if the table
 * is not any more as it was then. 0 or -errno: then it is to be called again.
 */
int upkeep_follow(struct upkeep *upkeep, const char *text);

/* Removes the table, if it is there. A failure is logged. */
void upkeep_remove(struct upkeep *upkeep);

/* Ends it, and leaves the table. */
void upkeep_exit(struct upkeep *upkeep);

/*
 * Takes the name of a claim (kernel/claim.h), waiting a little for one who only sweeps. An fd;
 * -EBUSY: another process has it; another -errno.
 */
int upkeep_claim(const char *name);

#endif
