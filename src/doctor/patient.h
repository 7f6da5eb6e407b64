/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The patient: a daemon, or what a file would make one, as the examinations have to know it. Pure.
 */
#ifndef MPBRIDGE_PATIENT_H
#define MPBRIDGE_PATIENT_H

#include "conf/conf.h"
#include "daemon/answer.h"
#include "paths/path.h"
#include "paths/report.h"

#include <sys/types.h>

#define PATIENT_PATHS_MAX REPORT_PATHS_MAX

struct patient_path {
	char interface[IF_NAMESIZE];
	struct address local, server; /* family 0: not known, or there is none */
	char state[16], cause[24];    /* words of health.h; state "": no daemon has told */
	uint8_t router;		      /* which far router it leads to, from 0 */
	bool is_active;		      /* new connections go to that router */
	bool is_unwanted, is_unanswered;
	bool is_secondary;
	bool lacks_scavenger;	  /* for what is sent here; told by a daemon alone */
	bool lacks_far_scavenger; /* client: for what the server sends */
	uint64_t yielded_ms;	  /* for how long it was left to others in all */
	bool is_refused;	  /* by the daemon: with a file that says so it does not start */
	uint64_t subflows;	  /* of running flows */
	uint64_t age_ms;	  /* of the state */
	uint64_t rtt_us;	  /* of the last greeting; 0: none */
};

/* A connection between the routers that is open. */
struct patient_connection {
	char name[ADDRESS_TEXT_BYTES]; /* its token; of plain TCP its own end */
	bool is_mptcp;
	uint8_t router; /* which far router it leads to */
};

struct patient {
	pid_t pid;	  /* 0: it does not run */
	struct conf conf; /* of one that runs: what its answer tells. Without key; see its method */
	bool lacks_rules; /* what is in the firewall is not complete */
	uint64_t restored;
	uint64_t flows_open, flows_fell_back, flows_started, refused_for_time;
	unsigned n_paths;
	struct patient_path path[PATIENT_PATHS_MAX];
	unsigned n_connections;
	struct patient_connection connection[ANSWER_CONNECTIONS_MAX];
};

/* Of an answer to `status flows`. False: it is none. conf.method is NULL if that is not told. */
bool patient_read(struct patient *patient, const char *answer, pid_t pid);

/* Of a configuration with addresses in the place of names. Its paths: see links_find_paths(). */
void patient_of_conf(struct patient *patient, const struct conf *conf);

/* "path wan1", or "path wan1 to 10.10.1.2"; returns buf. */
#define PATIENT_NAME_BYTES 96
const char *patient_path_name(const struct patient_path *path, char buf[static PATIENT_NAME_BYTES]);

/* "client" or "server". */
const char *patient_role(const struct patient *patient);

/* What the configuration says of the path's gateway; family 0: nothing. */
struct address patient_gateway(const struct patient *patient, const struct patient_path *path);

/* The same path at another time; NULL: it was none then. */
const struct patient_path *patient_find_path(const struct patient *patient,
					     const struct patient_path *path);

bool patient_path_is_absent(const struct patient_path *path);
bool patient_path_is_up(const struct patient_path *path);

/* Nothing is wrong with it, whether connections use it now or not: up, or guarded. */
bool patient_path_answers(const struct patient_path *path);

#endif
