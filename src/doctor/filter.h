/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reverse path filters: strict ones drop what comes by another link than the routes lead back by.
 */
#ifndef MPBRIDGE_DOCTOR_FILTER_H
#define MPBRIDGE_DOCTOR_FILTER_H

#include "doctor/finding.h"
#include "doctor/patient.h"
#include "paths/snapshot.h"

/* How many packets they have dropped in this network namespace; 0: not known. */
uint64_t filter_count(void);

/* The paths whose interface has a strict one: a bit for each, from /proc/sys. */
uint32_t filter_strict(const struct patient *patient);

/*
 * Of a client: where the main table leads to the path's server by another interface. Of a server,
 * whose clients' addresses nobody tells here: if the filters have dropped `n_dropped` packets
 * between two looks. Pure.
 */
void filter_judge(const struct patient *patient, const struct snapshot *snapshot, uint32_t strict,
		  uint64_t n_dropped, struct findings *findings);

#endif
