/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What supervisor and worker say to each other: small messages over a socket pair. */
#ifndef MPBRIDGE_CHANNEL_H
#define MPBRIDGE_CHANNEL_H

#include "base/address.h"
#include "base/log.h"
#include "paths/health.h"
#include "shadowsocks/greeting.h"

#include <stdbool.h>
#include <stdint.h>

#define CHANNEL_TEXT_BYTES 1024

enum message_type {
	MESSAGE_READY,	   /* worker: it accepts connections */
	MESSAGE_WITNESS,   /* worker on a server: a permitted client came by `address` of ours */
	MESSAGE_GREETED,   /* the same, with a greeting: `greeting`, and whom it is `about` */
	MESSAGE_DOUBT,	   /* worker on a client: a flow has doubts about the path of `place` */
	MESSAGE_HELD_UP,   /* worker: close the subflow between `address` and `about` */
	MESSAGE_PEER_GONE, /* supervisor of a client: what `router` had by `gone_ms` is gone */
	MESSAGE_BEGIN,	   /* supervisor: accept from now on; to a worker that stands by */
	MESSAGE_DRAIN,	   /* supervisor: accept nothing more, end when the last flow has ended */
	MESSAGE_REFUSED,   /* worker: the kernel refused it `call`, a system call's number */
	MESSAGE_LINE,	   /* worker without a terminal: `text` for the log, of `level` */
};

struct message {
	enum message_type type;
	struct address address, about;
	enum greeting_kind greeting;
	uint8_t place, router;
	enum doubt doubt;
	uint64_t gone_ms;
	int call;
	enum log_level level;
	char text[CHANNEL_TEXT_BYTES]; /* the last member: what is not used is not sent */
};

/* A connected, non-blocking, close-on-exec pair; the kind keeps messages apart. 0 or -errno. */
int channel_open(int fds[2]);

/* 0 or -errno. A message that finds no room is lost: -EAGAIN. */
int channel_send(int fd, const struct message *message);

/*
 * Sends a MESSAGE_DRAIN, in the form of its own that it has: one byte, which is the same in every
 * version, so that workers of another program can be told, too. 0 or -errno.
 */
int channel_send_drain(int fd);

/* 1: one message, its text ended; 0: the other end is gone; -EAGAIN: none now; another -errno. */
int channel_receive(int fd, struct message *message);

#endif
