/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A knock: one connection to the server over one path, with one greeting. */
#include "paths/knock.h"

#include "kernel/socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Theory of operation. It is plain TCP, so that neither a second subflow nor the state of the
 * others can answer for the path.
 *
 *   state       what moves it
 *   IDLE        knock_start() -> CONNECTING
 *   CONNECTING  established, and the greeting is sent -> ENDING; refused, deadline -> IDLE
 *   ENDING      the server's end, reset or deadline -> IDLE
 */

static const struct greeting_answer no_answer;

static void end(struct knock *knock, int error, struct greeting_answer answer)
{
	bool was_established = knock->state == KNOCK_ENDING;

	knock_stop(knock);
	knock->on_end(knock, was_established, error, answer);
}

static int bind_device(int fd, const char *interface)
{
	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, (socklen_t)strlen(interface)) <
	    0)
		return -errno;
	return 0;
}

static int open_socket(const struct knock_way *way)
{
	int fd = socket_open(SOCKET_TCP, way->server.family);
	int error;

	if (fd < 0)
		return fd;
	error = bind_device(fd, way->interface);
	if (!error)
		error = socket_connect(fd, way->server.family == AF_INET6, &way->local,
				       &way->server);
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

static void on_established(struct knock *knock)
{
	uint8_t header[TARGET_HEADER_BYTES];
	size_t length = greeting_write(knock->kind, &knock->about, header);

	knock->state = KNOCK_ENDING;
	if (knock->on_established)
		knock->on_established(knock, socket_rtt_us(knock->watch.fd));
	if (knock->state == KNOCK_ENDING &&
	    send(knock->watch.fd, header, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		end(knock, -errno, no_answer);
}

static void on_connecting(struct knock *knock, uint32_t events)
{
	int error = socket_connect_result(knock->watch.fd);

	/* established and reset before we looked: only a server that does not want us does that */
	if (error == -ECONNRESET)
		knock->state = KNOCK_ENDING;
	if (error < 0)
		end(knock, error, no_answer);
	else if (events & EPOLLOUT)
		on_established(knock);
}

/* The answer comes in one piece, or not at all: servers of before said nothing. */
static void on_ending(struct knock *knock, uint32_t events)
{
	uint8_t answer[GREETING_ANSWER_BYTES];
	ssize_t got = recv(knock->watch.fd, answer, sizeof(answer), MSG_DONTWAIT);

	if (got == (ssize_t)sizeof(answer))
		end(knock, 0, greeting_read_answer(answer));
	else if (got < 0 && errno != EAGAIN && errno != EINTR)
		end(knock, -errno, no_answer);
	else if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		end(knock, 0, no_answer);
}

static void on_event(struct watch *watch, uint32_t events)
{
	struct knock *knock = container_of(watch, struct knock, watch);

	if (knock->state == KNOCK_CONNECTING)
		on_connecting(knock, events);
	else
		on_ending(knock, events);
}

static void on_deadline(struct timer *timer)
{
	struct knock *knock = container_of(timer, struct knock, deadline);

	end(knock, knock->state == KNOCK_ENDING ? 0 : -ETIMEDOUT, no_answer);
}

void knock_init(struct knock *knock, struct loop *loop)
{
	knock->state = KNOCK_IDLE;
	knock->loop = loop;
	knock->watch = (struct watch){.fd = -1, .on_event = on_event};
	timer_init(&knock->deadline, on_deadline);
}

void knock_start(struct knock *knock, const struct knock_way *way, enum greeting_kind kind,
		 const struct address *about, uint32_t deadline_ms)
{
	int fd = open_socket(way);
	int error = fd < 0 ? fd : loop_watch(knock->loop, &knock->watch, fd);

	knock->way = *way;
	knock->kind = kind;
	knock->about = about ? *about : (struct address){0};
	knock->state = KNOCK_CONNECTING;
	if (error) {
		if (fd >= 0)
			close(fd);
		end(knock, error, no_answer);
		return;
	}
	timer_arm(&knock->loop->timers, &knock->deadline, knock->loop->now_ms + deadline_ms);
}

void knock_stop(struct knock *knock)
{
	if (knock->state == KNOCK_IDLE)
		return;
	loop_close(knock->loop, &knock->watch);
	timer_cancel(&knock->loop->timers, &knock->deadline);
	knock->state = KNOCK_IDLE;
}
