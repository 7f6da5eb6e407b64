/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The scavenger: a congestion control of our own in the kernel, which takes what others leave. */
#ifndef MPBRIDGE_SCAVENGER_H
#define MPBRIDGE_SCAVENGER_H

#include "base/address.h"

#include <stdbool.h>
#include <stdint.h>

/* It is made of BPF (src/bpf/scavenger.bpf.c has the theory), and belongs to the whole machine:
 * all network namespaces see its name, and it goes when the process does that loaded it. */
struct scavenger;

/* What it knows of the way between two addresses; all its subflows there share that. */
struct scavenger_path {
	uint32_t base_us;    /* the round trip without a queue; 0: unknown */
	uint32_t queue_us;   /* what the queue added to it lately */
	uint64_t capacity;   /* bytes per second that the link has been seen to carry; 0: unknown */
	uint64_t rate;	     /* bytes per second that our subflows carry now */
	uint64_t others;     /* an estimate of what others carry now, in bytes per second */
	uint64_t yields;     /* how often it has left the link to others */
	uint64_t yielded_ms; /* for how long in all */
	uint64_t until_ms;   /* it yields until then, CLOCK_MONOTONIC; 0, or past: it does not */
};

/* Whether this program was built with it (meson option bpf). */
bool scavenger_is_built(void);

/* Whether this kernel is one for it: it has BTF, and takes the congestion control back when the
 * process ends that loaded it, as Linux does from 6.4 on. False in a program without it. */
bool scavenger_fits_kernel(void);

/*
 * Loads it. 0, or -ENOTSUP: this program was built without it, or the kernel has no BTF or no such
 * programs; -EPERM: not without CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN; else -errno. Logs nothing.
 */
int scavenger_open(struct scavenger **out);

/* Its name as a congestion control, of a route for example. */
const char *scavenger_name(const struct scavenger *scavenger);

/* Readable when scavenger_read() has something to tell. It stays the scavenger's. */
int scavenger_fd(const struct scavenger *scavenger);

/* Tells of each way that has begun to yield, or to yield for longer, since the last call. */
void scavenger_read(struct scavenger *scavenger,
		    void (*on_yield)(void *owner, const struct address *local,
				     const struct address *remote, uint64_t until_ms),
		    void *owner);

/* Ports do not matter. 0, or -ENOENT: no subflow of its own has been there. */
int scavenger_look(const struct scavenger *scavenger, const struct address *local,
		   const struct address *remote, struct scavenger_path *out);

/* Flows that use it go on with it until they end. Harmless on NULL. */
void scavenger_close(struct scavenger *scavenger);

#endif
