/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probing: does the far end of each path answer, by TCP and by ICMP, and how large may packets be?
 */
#ifndef MPBRIDGE_PROBE_H
#define MPBRIDGE_PROBE_H

#include "doctor/patient.h"

/*
 * Sends, over each path of a client, a SYN to the server's port and echo requests, small ones and
 * such that fill the link's MTU, and waits for three seconds at most. Needs CAP_NET_RAW.
 */
void probe_paths(const struct patient *patient, struct findings *findings);

#endif
