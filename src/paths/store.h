/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store: where ledgers are kept, so that the next start finds what a killed process left. */
#ifndef MPBRIDGE_STORE_H
#define MPBRIDGE_STORE_H

#include "paths/ledger.h"

#include <stdbool.h>
#include <stdint.h>

#define STORE_DIRECTORY "/run/mpbridge"

/* What a ledger is about: a slot by its number, or this, for the limits that all slots share. */
#define STORE_LIMITS UINT32_MAX

struct store {
	int directory_fd; /* -1: the directory cannot be used, and nothing is kept */
	int lock_fd;	  /* below 0: there is no lock */
	bool is_stuck;	  /* somebody did not give it back; waited for no more until it is had */
	uint64_t netns;	  /* the network namespace's cookie: never used twice between two boots */
};

#define STORE_CLOSED                                                                               \
	{                                                                                          \
		.directory_fd = -1, .lock_fd = -1                                                  \
	}

/* The cookie of the network namespace of this process. 0 or -errno. */
int store_find_netns(uint64_t *cookie);

/* Makes the directory, if need be. 0 or -errno; without a store all else is harmless. */
int store_open(struct store *store);

/* The same for one who only reads ledgers: nothing is made. 0 or -errno. */
int store_open_to_read(struct store *store);
void store_close(struct store *store);

/* Waits until no other process of ours in this network namespace reads or changes its ledgers,
 * limits and slots; for some seconds, since that one may be stopped: then it warns, and goes on.
 * Not to be locked twice. */
void store_lock(struct store *store);
void store_unlock(struct store *store);

/* The same for the directory, and so for every network namespace: for a moment, since those of
 * other namespaces wait. store_close() unlocks it. */
void store_lock_directory(struct store *store);

/* Reads into an empty *ledger. 0; -ENOENT: there is none; or -errno. One that is not a ledger is
 * -EBADMSG. */
int store_read(const struct store *store, uint32_t what, struct ledger *ledger);

/* Replaces the whole ledger, for whoever reads it from now on, even if this process is killed; an
 * empty one is removed. Not for the time after the next boot. 0 or -errno. */
int store_write(const struct store *store, uint32_t what, const struct ledger *ledger);

void store_remove(const struct store *store, uint32_t what);

#endif
