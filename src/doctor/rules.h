/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The firewall's rules of a daemon: can they be made, and are they as they should be? */
#ifndef MPBRIDGE_DOCTOR_RULES_H
#define MPBRIDGE_DOCTOR_RULES_H

#include "doctor/finding.h"
#include "doctor/patient.h"

/* Has nft check, and only check, what each patient needs, but no kind of it twice. */
void rules_try(const struct patient *const *patients, unsigned n, struct findings *findings);

/* What the daemon says of them. Pure. */
void rules_judge(const struct patient *patient, struct findings *findings);

#endif
