/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The system: what the kernel and the administrator's settings do to a bridge. */
#ifndef MPBRIDGE_SYSTEM_H
#define MPBRIDGE_SYSTEM_H

#include "doctor/patient.h"

/*
 * Examines what does not belong to one daemon: MPTCP, its limits and endpoints, nft. `patients` are
 * those that run, or would. Nothing is changed.
 */
void system_examine(const struct patient *patients, unsigned n, struct findings *findings);

/* And what does: reverse path filters of its links, its descriptors. */
void system_examine_patient(const struct patient *patient, struct findings *findings);

#endif
