/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A knock: one connection to the server over one path, with one greeting. */
#include "paths/knock.h"

#include "base/time.h"
#include "kernel/socket.h"
#include "shadowsocks/opener.h"
#include "shadowsocks/sealer.h"

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

/* What is sealed is padded; it has no payload. The length in `out`, or -errno. */
static ssize_t seal(struct knock *knock, const uint8_t *header, size_t n, uint8_t *out)
{
	struct sealer sealer;
	ssize_t length;

	sealer_init(&sealer, knock->codec, NULL);
	length = sealer_request(&sealer, time_unix_s(), header, n, out, 0);
	memcpy(knock->salt, sealer.request_salt, sizeof(knock->salt));
	crypto_wipe(&sealer, sizeof(sealer));
	return length;
}

static int say(struct knock *knock)
{
	uint8_t header[TARGET_HEADER_BYTES], sealed[SEALER_FRONT_MAX + SEALER_BACK_MAX];
	size_t n = greeting_write(knock->kind, &knock->about, header);
	const uint8_t *said = header;
	ssize_t length = (ssize_t)n;

	if (knock->codec->aead) {
		length = seal(knock, header, n, sealed);
		said = sealed;
	}
	if (length < 0)
		return (int)length;
	if (send(knock->watch.fd, said, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

static void on_established(struct knock *knock)
{
	int error;

	knock->state = KNOCK_ENDING;
	if (knock->on_established)
		knock->on_established(knock, socket_rtt_us(knock->watch.fd));
	if (knock->state != KNOCK_ENDING)
		return;
	error = say(knock);
	if (error < 0)
		end(knock, error, no_answer);
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

/* Opens what has come, as far as it goes: the plain bytes, none if there are none. */
static struct opened open_steps(struct opener *opener, uint8_t *bytes, size_t n)
{
	struct opened opened = {bytes, 0};
	size_t need = opener_need(opener);

	while (opened.n == 0 && need > 0 && need <= n) {
		if (opener_step(opener, time_unix_s(), bytes, &opened) < 0)
			return (struct opened){bytes, 0};
		bytes += need;
		n -= need;
		need = opener_need(opener);
	}
	return need == 0 ? (struct opened){bytes, n} : opened;
}

static struct opened open_all(const struct knock *knock, uint8_t *bytes, size_t n)
{
	struct opener opener;
	struct opened opened;

	opener_init(&opener, knock->codec, knock->salt);
	opened = open_steps(&opener, bytes, n);
	crypto_wipe(&opener, sizeof(opener));
	return opened;
}

/* What the answer says of our greeting before it begins, see greeting.h. */
static size_t proof_bytes(const struct knock *knock)
{
	const struct method *method = knock->codec->method;

	return method->format == METHOD_2017 ? method_key_bytes(method) : 0;
}

/* The answer to our greeting; its instance is 0: not yet, or never. */
static struct greeting_answer open_answer(const struct knock *knock, uint8_t *bytes, size_t n)
{
	struct opened said = {bytes, n};
	size_t proof = proof_bytes(knock);

	if (knock->codec->aead)
		said = open_all(knock, bytes, n);
	if (said.n < proof + GREETING_ANSWER_LEAST || !crypto_equal(said.bytes, knock->salt, proof))
		return no_answer;
	return greeting_read_answer(said.bytes + proof, said.n - proof);
}

/*
 * The answer comes in one piece, or not at all: servers of another make say nothing. It is only
 * peeked at, so that one in several pieces can be looked at from its start again.
 */
static void on_ending(struct knock *knock, uint32_t events)
{
	uint8_t bytes[SEALER_FRONT_MAX];
	ssize_t got = recv(knock->watch.fd, bytes, sizeof(bytes), MSG_PEEK | MSG_DONTWAIT);
	struct greeting_answer answer =
		got > 0 ? open_answer(knock, bytes, (size_t)got) : no_answer;

	if (answer.instance)
		end(knock, 0, answer);
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

	end(knock, -ETIMEDOUT, no_answer);
}

void knock_init(struct knock *knock, struct loop *loop, const struct codec *codec)
{
	knock->codec = codec;
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
	knock->started_ms = knock->loop->now_ms;
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
