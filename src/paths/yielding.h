/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Yielding: the scavenger and those whom it concerns. */
#ifndef MPBRIDGE_YIELDING_H
#define MPBRIDGE_YIELDING_H

#include "base/loop.h"
#include "kernel/mptcp_pm.h"
#include "kernel/scavenger.h"
#include "paths/monitor.h"
#include "paths/path.h"
#include "paths/report.h"
#include "paths/spare.h"

/* Starts as zeroes. */
struct yielding {
	struct scavenger *scavenger; /* NULL: not needed yet, or there is none */
	bool has_tried;
	struct loop *loop; /* NULL: not started */
	struct watch watch;
	/* Set by the owner. */
	struct monitors *monitors;		      /* client; NULL: a server */
	struct spares *spares;			      /* a client has none in it */
	void (*on_change)(struct yielding *yielding); /* server: of the spares' times */
};

/* Loads the scavenger if these paths need it; if that fails, one line in the log says so. */
void yielding_prepare(struct yielding *yielding, const struct paths *paths);

/* The scavenger's congestion control; NULL: there is none. */
const char *yielding_congestion(const struct yielding *yielding);

/*
 * What there is to say of the path of that local address: of a client's, whose monitor this is; or
 * (NULL) of a server's, of all ways there that are secondary and not silent, whose times are added
 * up. Then the path's role becomes SECONDARY if there is such a way.
 */
void yielding_report(const struct yielding *yielding, const struct monitor *monitor,
		     struct report_path *path);

/*
 * Server: makes those paths backups that have one of `ours`, and whose ways have all just been left
 * to others, so that the far ends stop using them before they are told; see spares_aside_ms(). When
 * to derive the paths anew since the first of them is none any more; 0: there is none.
 */
uint64_t yielding_set_aside(const struct yielding *yielding, const struct mptcp_endpoints *ours,
			    struct paths *paths);

/* From now on those who yield are told of. */
void yielding_start(struct yielding *yielding, struct loop *loop);

/* Harmless on one that was not started. */
void yielding_stop(struct yielding *yielding);

#endif
