/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What supervisor and worker say to each other: small messages over a socket pair. */
#include "daemon/channel.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#define TEXT_AT ((ssize_t)offsetof(struct message, text))

static const char drain_byte = 'd';

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

int channel_send_drain(int fd)
{
	return send(fd, &drain_byte, 1, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static bool is_drain(const struct message *message, ssize_t got)
{
	return got == 1 && memcmp(message, &drain_byte, 1) == 0;
}

int channel_receive(int fd, struct message *message)
{
	ssize_t got = recv(fd, message, sizeof(*message), 0);

	if (got < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (got == 0)
		return 0;
	if (is_drain(message, got)) {
		*message = (struct message){.type = MESSAGE_DRAIN};
		return 1;
	}
	if (got < TEXT_AT)
		return -EPROTO;
	message->text[got < (ssize_t)sizeof(*message) ? got - TEXT_AT : CHANNEL_TEXT_BYTES - 1] =
		'\0';
	return 1;
}
