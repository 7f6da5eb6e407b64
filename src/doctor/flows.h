/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What greetings and flows show of a bridge that runs. Pure. */
#ifndef MPBRIDGE_DOCTOR_FLOWS_H
#define MPBRIDGE_DOCTOR_FLOWS_H

#include "doctor/finding.h"
#include "doctor/patient.h"

#define FLOWS_BETWEEN_MS 1500 /* two looks, at least */

/* Greetings that get no answer; flows that fell back; a path that none of them uses. `before` is
 * the same patient FLOWS_BETWEEN_MS or more earlier; NULL: it was not there, or did not answer. */
void flows_judge(const struct patient *patient, const struct patient *before,
		 struct findings *findings);

#endif
