/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the scavenger's figures of a way say. Pure. */
#ifndef MPBRIDGE_SCAVENGER_PATH_H
#define MPBRIDGE_SCAVENGER_PATH_H

#include "bpf/scavenger.h"
#include "kernel/scavenger.h"

/* At now_us, of CLOCK_MONOTONIC as the times of the way are. */
void scavenger_path_of(const struct scavenger_way *way, uint64_t now_us,
		       struct scavenger_path *out);

#endif
