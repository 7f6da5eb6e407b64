/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Diagnosis: why a configured path cannot be used, in words. Pure. */
#ifndef MPBRIDGE_DIAGNOSIS_H
#define MPBRIDGE_DIAGNOSIS_H

#include "conf/conf.h"
#include "paths/health.h"
#include "paths/snapshot.h"

#define DIAGNOSIS_BYTES 512

/*
 * Whether the configured paths are there at all: 0, -ENODEV (no such interface), -EADDRNOTAVAIL (no
 * such address on it), with one sentence in `reason`, which names the key and what there is
 * instead.
 */
int diagnosis_check(const struct conf *conf, const struct snapshot *snapshot,
		    char reason[static DIAGNOSIS_BYTES]);

/* Why this interface is not among the paths, in a few words for the log. */
const char *diagnosis_excuse(const struct conf *conf, const struct snapshot *snapshot,
			     const char *interface);

/* The same as one of HEALTH_NO_INTERFACE, ... */
enum health_reason diagnosis_reason(const struct conf *conf, const struct snapshot *snapshot,
				    const char *interface);

#endif
