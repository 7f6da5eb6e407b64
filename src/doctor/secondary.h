/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secondary paths: whether a scavenger looks after them, and why not. */
#ifndef MPBRIDGE_DOCTOR_SECONDARY_H
#define MPBRIDGE_DOCTOR_SECONDARY_H

#include "doctor/finding.h"
#include "doctor/patient.h"

/* What a scavenger needs at this end. */
struct secondary_means {
	bool is_built;	  /* the program has one */
	bool has_btf;	  /* the kernel tells of its types */
	bool fits_kernel; /* and can do what it needs besides */
	bool may_load;	  /* the daemon may load it, as far as capabilities say */
};

/* Of that daemon's. One that does not run may. */
void secondary_look(const struct patient *patient, struct secondary_means *out);

/* Whether a process may load it, of a line of /proc/PID/status. False: the line tells of something
 * else, and *may_load is untouched. Pure. */
bool secondary_read_capabilities(const char *line, bool *may_load);

/*
 * Which of the patient's secondary paths have no scavenger, at this end and, of a client's, at the
 * far one. `before` is the same patient at an earlier look (NULL: there was none): a server may
 * have none for a moment. Of a patient that does not run: which will have none. Pure.
 */
void secondary_judge(const struct patient *patient, const struct patient *before,
		     const struct secondary_means *means, struct findings *findings);

#endif
