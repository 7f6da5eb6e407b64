/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What supervisor and worker say to each other: small messages over a socket pair. */
#include "daemon/channel.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define TEXT_AT ((ssize_t)offsetof(struct message, text))

int channel_open(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	return 0;
}

int channel_send(int fd, const struct message *message)
{
	size_t length = (size_t)TEXT_AT + strnlen(message->text, CHANNEL_TEXT_BYTES - 1);

	if (send(fd, message, length, MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

int channel_receive(int fd, struct message *message)
{
	ssize_t got = recv(fd, message, sizeof(*message), 0);

	if (got < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (got == 0)
		return 0;
	if (got < TEXT_AT)
		return -EPROTO;
	message->text[got < (ssize_t)sizeof(*message) ? got - TEXT_AT : CHANNEL_TEXT_BYTES - 1] =
		'\0';
	return 1;
}
