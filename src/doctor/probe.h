/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probing: does the far end of each path answer, by TCP and by ICMP, and how large may packets be?
 */
#ifndef MPBRIDGE_PROBE_H
#define MPBRIDGE_PROBE_H

#include "doctor/finding.h"
#include "doctor/patient.h"
#include "paths/snapshot.h"

/*
 * Connects to the server's port over each path of a client, then sends echo requests, small ones
 * and such as are as large as TCP's packets there; that takes six seconds at most, and four more
 * where a path has a gateway of its own. Without CAP_NET_RAW there are no echo requests. `snapshot`
 * tells where the main table leads.
 */
void probe_paths(const struct patient *patient, const struct snapshot *snapshot,
		 struct findings *findings);

#endif
