/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system: what the kernel and the administrator's settings do to a bridge. */
#ifndef MPBRIDGE_SYSTEM_H
#define MPBRIDGE_SYSTEM_H

#include "doctor/finding.h"
#include "doctor/patient.h"

/*
 * Examines what does not belong to one daemon: MPTCP, its limits, and endpoints that are neither
 * in a ledger (paths/store.h) nor a path of a patient's. Nothing is changed.
 */
void system_examine(const struct patient *const *patients, unsigned n, struct findings *findings);

/* And what does: how many descriptors it may have. */
void system_examine_patient(const struct patient *patient, struct findings *findings);

#endif
