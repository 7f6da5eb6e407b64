/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor's signals, as events of its loop. */
#ifndef MPBRIDGE_SIGNALS_H
#define MPBRIDGE_SIGNALS_H

#include "base/loop.h"

#include <signal.h>

struct signals {
	struct watch watch;
	void (*on_signal)(struct signals *signals, int number);
};

/* Holds SIGTERM, SIGINT, SIGHUP and SIGCHLD back until they are watched; ignores SIGPIPE. */
void signals_block(void);

/* Calls on_signal from the loop for each of them. 0 or -errno. */
int signals_watch(struct signals *signals, struct loop *loop,
		  void (*on_signal)(struct signals *signals, int number));

#endif
