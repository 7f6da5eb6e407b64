/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor's signals, as events of its loop. */
#include "daemon/signals.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t watched_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	return set;
}

void signals_block(void)
{
	sigset_t set = watched_signals();

	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void on_readable(struct watch *watch, uint32_t events)
{
	struct signals *signals = container_of(watch, struct signals, watch);
	struct signalfd_siginfo info;

	(void)events;
	while (read(watch->fd, &info, sizeof(info)) == sizeof(info))
		signals->on_signal(signals, (int)info.ssi_signo);
}

int signals_watch(struct signals *signals, struct loop *loop,
		  void (*on_signal)(struct signals *signals, int number))
{
	sigset_t set = watched_signals();
	int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);

	if (fd < 0)
		return -errno;
	signals->watch.on_event = on_readable;
	signals->on_signal = on_signal;
	return loop_watch_messages(loop, &signals->watch, fd);
}
