/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greeting: a client's repeated knock at the server over one path, to see whether it answers. */
#include "paths/greeting.h"

#include "base/log.h"
#include "kernel/socket.h"
#include "shadowsocks/target.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Theory of operation. A greeting is a plain TCP connection to the server's port, from the path's
 * address and by the path's interface, on which the greeting header is sent (target.h). It tells us
 * that the path carries packets to a server that listens, and it tells the server by which of its
 * addresses a client of its own reaches it (manager_witness()).
 *
 *   state       what moves it
 *   STOPPED     greeting_start() -> CONNECTING
 *   CONNECTING  established -> ENDING; refused, deadline -> RESTING: it does not answer
 *   ENDING      the server ended it, or kept it until the deadline (one of another make may) ->
 *               RESTING: it answers; the server reset it -> RESTING: it answers, but not to us
 *   RESTING     the pause is over -> CONNECTING
 *
 * The pause is short after a failure and doubles up to the one after an answer, which goes on for
 * ever: so a server that was restarted learns its addresses again, and a path that comes back is
 * noticed.
 */

#define DEADLINE_MS    2000
#define PAUSE_FIRST_MS 500
#define PAUSE_MOST_MS  5000

static const char *reason_text(int reason)
{
	switch (reason) {
	case -ETIMEDOUT:
		return "timeout";
	case -ECONNREFUSED:
		return "refused: nothing listens there";
	case -ENETUNREACH:
	case -EHOSTUNREACH:
		return "unreachable";
	case -EADDRNOTAVAIL:
		return "our address is not usable yet";
	default:
		return strerror(-reason);
	}
}

static void log_verdict(const struct greeting *greeting)
{
	char server[ADDRESS_TEXT_BYTES];

	address_format(&greeting->server, server);
	if (greeting->is_answering && greeting->reason == -ECONNRESET)
		log_warning(
			"path %s: %s answers, but ends the connection: does it let this client in "
			"(\"allow\" on the server, and what its log says)?",
			greeting->interface, server);
	else if (greeting->is_answering)
		log_info("path %s: %s answers", greeting->interface, server);
	else
		log_warning("path %s: %s does not answer (%s)", greeting->interface, server,
			    reason_text(greeting->reason));
}

static void rest(struct greeting *greeting)
{
	greeting->state = GREETING_RESTING;
	timer_arm(&greeting->loop->timers, &greeting->timer,
		  greeting->loop->now_ms + greeting->pause_ms);
}

static uint32_t next_pause_ms(const struct greeting *greeting, int result, bool is_news)
{
	if (result == 0)
		return PAUSE_MOST_MS;
	if (is_news)
		return PAUSE_FIRST_MS;
	return greeting->pause_ms * 2 < PAUSE_MOST_MS ? greeting->pause_ms * 2 : PAUSE_MOST_MS;
}

/* The end of an attempt: 0 or -errno. */
static void conclude(struct greeting *greeting, int result)
{
	bool is_answering = result == 0 || greeting->state == GREETING_ENDING;
	bool was_answering = greeting->is_answering;
	bool is_news = !greeting->has_verdict || was_answering != is_answering ||
		       (is_answering && greeting->reason != result);

	loop_close(greeting->loop, &greeting->watch);
	greeting->pause_ms = next_pause_ms(greeting, result, is_news);
	greeting->has_verdict = true;
	greeting->is_answering = is_answering;
	greeting->reason = result;
	rest(greeting);
	if (is_news)
		log_verdict(greeting);
	if (was_answering != is_answering)
		greeting->on_change(greeting);
}

/* By this interface alone. */
static int bind_device(int fd, const struct greeting *greeting)
{
	socklen_t length = (socklen_t)strlen(greeting->interface);

	if (setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, greeting->interface, length) < 0)
		return -errno;
	return 0;
}

/* A socket that connects, or -errno. */
static int open_socket(const struct greeting *greeting)
{
	bool is_ipv6 = greeting->server.family == AF_INET6;
	int fd = socket_open(SOCKET_TCP, greeting->server.family);
	int error;

	if (fd < 0)
		return fd;
	error = bind_device(fd, greeting);
	if (!error)
		error = socket_connect(fd, is_ipv6, &greeting->local, &greeting->server);
	if (error) {
		close(fd);
		return error;
	}
	return fd;
}

static void attempt(struct greeting *greeting)
{
	int fd = open_socket(greeting);
	int error;

	if (fd < 0) {
		conclude(greeting, fd);
		return;
	}
	error = loop_watch(greeting->loop, &greeting->watch, fd);
	if (error) {
		close(fd);
		conclude(greeting, error);
		return;
	}
	greeting->state = GREETING_CONNECTING;
	timer_arm(&greeting->loop->timers, &greeting->timer, greeting->loop->now_ms + DEADLINE_MS);
}

static void on_established(struct greeting *greeting)
{
	uint8_t header[TARGET_HEADER_BYTES];
	size_t length = target_write_greeting(header);

	greeting->state = GREETING_ENDING;
	if (send(greeting->watch.fd, header, length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		conclude(greeting, -errno);
}

static void on_connecting(struct greeting *greeting, uint32_t events)
{
	int result = socket_connect_result(greeting->watch.fd);

	if (result < 0)
		conclude(greeting, result);
	else if (events & EPOLLOUT)
		on_established(greeting);
}

/* Nothing is ever sent back, so what comes is the end. */
static void on_ending(struct greeting *greeting, uint32_t events)
{
	if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		conclude(greeting, socket_connect_result(greeting->watch.fd));
}

static void on_event(struct watch *watch, uint32_t events)
{
	struct greeting *greeting = container_of(watch, struct greeting, watch);

	if (greeting->state == GREETING_CONNECTING)
		on_connecting(greeting, events);
	else
		on_ending(greeting, events);
}

static void on_timer(struct timer *timer)
{
	struct greeting *greeting = container_of(timer, struct greeting, timer);

	switch (greeting->state) {
	case GREETING_CONNECTING:
		conclude(greeting, -ETIMEDOUT);
		break;
	case GREETING_ENDING:
		conclude(greeting, 0);
		break;
	case GREETING_RESTING:
		attempt(greeting);
		break;
	case GREETING_STOPPED:
		break;
	}
}

void greeting_start(struct greeting *greeting, struct loop *loop)
{
	greeting->loop = loop;
	greeting->watch = (struct watch){.fd = -1, .on_event = on_event};
	greeting->is_answering = true;
	greeting->has_verdict = false;
	greeting->pause_ms = PAUSE_FIRST_MS;
	timer_init(&greeting->timer, on_timer);
	attempt(greeting);
}

void greeting_stop(struct greeting *greeting)
{
	if (greeting->state == GREETING_STOPPED)
		return;
	loop_close(greeting->loop, &greeting->watch);
	timer_cancel(&greeting->loop->timers, &greeting->timer);
	greeting->state = GREETING_STOPPED;
}
