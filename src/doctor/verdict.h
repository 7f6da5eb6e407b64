/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict: what follows from probing a path. Pure. */
#ifndef MPBRIDGE_DOCTOR_VERDICT_H
#define MPBRIDGE_DOCTOR_VERDICT_H

#include "doctor/finding.h"
#include "doctor/patient.h"

/* What was seen. */
struct verdict {
	const struct patient_path *path;
	uint16_t port;
	int error;	     /* of a TCP connection: 0 or -errno */
	uint32_t full_bytes; /* of the packets that it would send; 0: not known */
	bool is_pinged, is_answered;
	uint32_t largest_bytes; /* the largest echo request that was answered */
	bool is_told;		/* a router has said that one is too large */
	uint32_t told_bytes;	/* and what it takes; 0: it did not say */
	/* By this the path is led, and not by the main table; family 0: by that. Whether pings can
	 * be sent the same way is not sure, so silence means less there. */
	struct address gateway;
	bool has_gateway_answered;
};

void verdict_judge(const struct verdict *verdict, struct findings *findings);

/* Says that this path cannot be probed while no daemon runs. */
void verdict_say_unknown(const struct verdict *verdict, struct findings *findings);

#endif
