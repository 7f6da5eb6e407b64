/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clocks: methods of 2022 and auth-only take no header whose time is more than 30 s off. */
#ifndef MPBRIDGE_DOCTOR_CLOCK_H
#define MPBRIDGE_DOCTOR_CLOCK_H

#include "doctor/finding.h"
#include "doctor/patient.h"

#define CLOCK_BETWEEN_MS 6000 /* two looks, where headers have been refused */

/* Whether something keeps this machine's clock right, as the kernel has been told (adjtimex(2)). */
bool clock_is_synchronised(void);

/* Of a patient, and of `before`, the same at an earlier look (NULL: there was none), at now_s
 * (seconds since 1970). Pure. */
void clock_judge(const struct patient *patient, const struct patient *before, uint64_t now_s,
		 bool is_synchronised, struct findings *findings);

#endif
