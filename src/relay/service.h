/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The service of one worker: its listeners and flows, begun and ended together. */
#ifndef MPBRIDGE_SERVICE_H
#define MPBRIDGE_SERVICE_H

#include "relay/directory.h"
#include "relay/relay.h"

struct service_setup {
	const struct conf *conf;
	struct board *board;
	struct board_counters *counters;
	const struct salts *salts;
	const struct directory *directory; /* server: names are looked up; NULL on a client */
};

/*
 * Makes a relay that does not accept yet. The caller sets on_witness and on_idle afterwards.
 * `setup` its descriptors and its salts are copied; what else it names, the store of the salts, and
 * the loop must outlive the relay. 0 or -errno.
 */
int service_init(struct relay *relay, struct loop *loop, const struct service_setup *setup);

/* Accepts at these sockets from now on, which become the relay's own. 0 or -errno. */
int service_listen(struct relay *relay, const int *listener_fds, unsigned n_listeners);

/* No new flows from now on. on_idle is called once none is left: at once when there is none. */
void service_drain(struct relay *relay);

/* Ends every flow with RST. */
void service_abort(struct relay *relay);

/* Client: ends with RST every flow that had reached this far router by `ms` (CLOCK_MONOTONIC). */
void service_end_older(struct relay *relay, uint8_t router, uint64_t ms);

/* Frees all. Every flow must have ended, and their tasks have run. */
void service_exit(struct relay *relay);

#endif
