/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The links of a bridge: interface, carrier, address, route; and which server address has none. */
#ifndef MPBRIDGE_DOCTOR_LINKS_H
#define MPBRIDGE_DOCTOR_LINKS_H

#include "doctor/finding.h"
#include "doctor/patient.h"
#include "paths/snapshot.h"

/* Fills in the paths of one that does not run: those it would have, and its configured ones that
 * it would lack, as absent. Pure. */
void links_find_paths(struct patient *patient, const struct snapshot *snapshot);

/* Which of its paths are absent, and which of a client's server addresses no link leads to. Pure.
 */
void links_judge(const struct patient *patient, const struct snapshot *snapshot,
		 struct findings *findings);

/* Of one that does not run: whether this machine has the addresses where it would listen. They are
 * tried with a free port, and nothing stays. */
void links_try_listeners(const struct patient *patient, struct findings *findings);

#endif
