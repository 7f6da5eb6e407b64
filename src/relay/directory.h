/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The directory: what the supervisor tells the workers about names, in memory that they share. */
#ifndef MPBRIDGE_DIRECTORY_H
#define MPBRIDGE_DIRECTORY_H

#include "relay/hosts.h"
#include "relay/resolv.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct directory_page {
	struct resolv resolv;
	struct hosts hosts;
};

struct directory {
	_Atomic uint32_t version; /* 0: nothing was written yet */
	struct directory_page page[2];
};

/* Shared with processes that are forked later. NULL: no memory, see errno. */
struct directory *directory_new(void);
void directory_free(struct directory *directory);

/* Supervisor: the page to fill for the next directory_publish(). */
struct directory_page *directory_draft(struct directory *directory);

/* Supervisor: makes the draft what readers get from now on. */
void directory_publish(struct directory *directory);

/* Supervisor: what readers get now. */
const struct directory_page *directory_current(const struct directory *directory);

/*
 * Worker: copies the current page if it is another one than *version says. False: there is nothing
 * new; *version and *copy are what they were.
 */
bool directory_read(const struct directory *directory, uint32_t *version,
		    struct directory_page *copy);

#endif
