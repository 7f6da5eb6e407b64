/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greeting: a client's repeated knock at the server over one path, to see whether it answers. */
#ifndef MPBRIDGE_GREETING_H
#define MPBRIDGE_GREETING_H

#include "base/address.h"
#include "base/loop.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

struct manager;

enum greeting_state {
	GREETING_STOPPED,
	GREETING_CONNECTING,
	GREETING_ENDING,  /* the connection is under way; the timer is the deadline */
	GREETING_RESTING, /* no connection; the timer is the next attempt */
};

struct greeting {
	/* what to greet; set by the owner before it starts */
	char interface[IF_NAMESIZE];
	struct address local, server; /* the server with its port */
	void (*on_change)(struct greeting *greeting);
	struct manager *manager; /* for the owner alone */

	bool is_answering; /* the verdict; true as long as there is none */

	/* the rest is greeting.c's own */
	enum greeting_state state;
	struct loop *loop;
	struct watch watch;
	struct timer timer;
	bool has_verdict;
	int reason; /* why the last one failed, as -errno */
	uint32_t pause_ms;
};

/* Starts to greet, at once and then again and again; on_change() tells of each change of
 * is_answering. */
void greeting_start(struct greeting *greeting, struct loop *loop);

/* Harmless on one that is zeroes or stopped. */
void greeting_stop(struct greeting *greeting);

#endif
