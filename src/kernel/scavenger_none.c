/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scavenger of a program that was built without it (meson option bpf): there is none. */
#include "kernel/scavenger.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

bool scavenger_is_built(void)
{
	return false;
}

bool scavenger_fits_kernel(void)
{
	return false;
}

int scavenger_open(struct scavenger **out)
{
	(void)out;
	return -ENOTSUP;
}

/* Nothing of what follows can be called: nobody has a scavenger. */

const char *scavenger_name(const struct scavenger *scavenger)
{
	(void)scavenger;
	abort();
}

int scavenger_fd(const struct scavenger *scavenger)
{
	(void)scavenger;
	abort();
}

void scavenger_read(struct scavenger *scavenger,
		    void (*on_yield)(void *owner, const struct address *local,
				     const struct address *remote, uint64_t until_ms),
		    void *owner)
{
	(void)scavenger;
	(void)on_yield;
	(void)owner;
	abort();
}

int scavenger_look(const struct scavenger *scavenger, const struct address *local,
		   const struct address *remote, struct scavenger_path *out)
{
	(void)scavenger;
	(void)local;
	(void)remote;
	(void)out;
	return -ENOENT;
}

void scavenger_close(struct scavenger *scavenger)
{
	assert(!scavenger);
}
