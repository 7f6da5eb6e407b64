/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The patient: a daemon, or what a file would make one, as the examinations have to know it. */
#ifndef MPBRIDGE_PATIENT_H
#define MPBRIDGE_PATIENT_H

#include "conf/conf.h"
#include "doctor/finding.h"
#include "paths/path.h"

#include <sys/types.h>

#define PATIENT_PATHS_MAX 16

struct patient_path {
	char interface[IF_NAMESIZE];
	struct address local, server; /* family 0: not known, or there is none */
	char state[16], cause[24];    /* words of health.h; "": no daemon has told */
	bool is_unwanted, is_unanswered;
	uint64_t subflows; /* of running flows */
	bool is_announced;
};

struct patient {
	enum conf_role role;
	pid_t pid; /* 0: it does not run */
	char method[40];
	uint16_t port; /* of the server */
	bool intercepts, wants_tproxy;
	bool lacks_rules; /* what is in the firewall is not complete */
	uint64_t restored;
	uint64_t flows_open, flows_fell_back, flows_started, refused_for_time;
	unsigned n_paths;
	struct patient_path path[PATIENT_PATHS_MAX];
};

/* Of an answer to `status`. False: it is none. Pure. */
bool patient_read(struct patient *patient, const char *answer, pid_t pid);

/* Of a configuration, and of the links that there are now. Nothing is changed. */
void patient_of_conf(struct patient *patient, const struct conf *conf);

/* "path wan1", or "wan1 to 10.10.1.2" where one interface has several; returns buf. */
#define PATIENT_NAME_BYTES 96
const char *patient_path_name(const struct patient_path *path, char buf[static PATIENT_NAME_BYTES]);

/* What the daemon itself says: paths, fall-back, clocks, subflows, the firewall's rules. `before`
 * is the same patient a moment earlier. Pure. */
void patient_judge(const struct patient *patient, const struct patient *before,
		   struct findings *findings);

#endif
