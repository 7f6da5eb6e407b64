/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lookups: one worker's questions to name servers. */
#include "relay/lookup.h"

#include "crypto/crypto.h"
#include "relay/dns.h"
#include "shadowsocks/wire.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Theory of operation. A query asks one server at a time: in the order of the directory, each once
 * in a round, with a time limit that doubles from round to round. One that says that it cannot
 * tell, or that nobody can be reached at, costs no time: the next one is asked at once. An answer
 * that is too long for a datagram is fetched from the same server by TCP.
 *
 * Each attempt has a socket of its own, connected, so that the kernel drops what others send, and
 * its port is another one each time. Whoever wants to answer in a server's place without seeing the
 * question has to guess that port, and a number of 16 bits. The socket takes a descriptor of the
 * budget; where none is left the query fails.
 *
 * When the directory names other servers, every query begins anew with these, so that nobody waits
 * for a server that is gone.
 *
 * Nothing is remembered. The router's own name server does that, with the times that the records
 * allow; a memory here would be one for each worker, to be kept in step with it.
 */

#define QUERIES_MAX    1024
#define DATAGRAM_BYTES 4096  /* without EDNS, which is not offered, it is 512 */
#define STREAM_BYTES   16384 /* by TCP; more than that no name needs */
#define LENGTH_BYTES   2     /* in front of a message by TCP, RFC 1035 section 4.2.2 */

static const char no_name[] = "there is no such name";
static const char no_address[] = "it has no address";
static const char cannot_tell[] = "the name servers cannot tell";
static const char silence[] = "no name server has answered";
static const char unreachable[] = "the name servers cannot be reached";
static const char no_descriptor[] = "no descriptor is left to ask for it";

struct lookups {
	struct loop *loop;
	struct budget *budget;
	const struct directory *directory;
	struct directory_page page; /* a copy, brought up to date before it is used */
	uint32_t version;
	struct list queries; /* under way */
	unsigned n_queries;
};

/* What was received of an answer by TCP. */
struct lookup_stream {
	size_t used;
	uint8_t bytes[LENGTH_BYTES + STREAM_BYTES];
};

/* ---- the end of an attempt, and of a query ---- */

static void close_attempt(struct query *query)
{
	struct lookups *lookups = query->lookups;

	timer_cancel(&lookups->loop->timers, &query->timer);
	if (query->watch.fd >= 0) {
		loop_close(lookups->loop, &query->watch);
		budget_give(lookups->budget, 1);
	}
	free(query->stream);
	query->stream = NULL;
}

static void leave(struct query *query)
{
	close_attempt(query);
	list_remove(&query->node);
	query->lookups->n_queries--;
	query->is_under_way = false;
}

static void finish(struct query *query, const struct lookup_answer *answer)
{
	leave(query);
	query->on_answer(query, answer);
}

static void fail(struct query *query, const char *failure)
{
	finish(query, &(struct lookup_answer){.failure = failure});
}

/* ---- one attempt ---- */

static const struct address *server_of(const struct query *query)
{
	const struct resolv *resolv = &query->lookups->page.resolv;

	return &resolv->server[query->n_attempts % resolv->n_servers];
}

static struct dns_question question_of(const struct query *query)
{
	return dns_ask(query->name, query->family, query->id);
}

/* A socket that is connected to the server, or is about to be, in the loop. 0 or -errno. */
static int connect_attempt(struct query *query, int type, uint32_t events)
{
	struct lookups *lookups = query->lookups;
	struct sockaddr_storage to;
	socklen_t bytes = address_to_sockaddr(server_of(query), false, &to);
	int fd, error = 0;

	if (!budget_take(lookups->budget, 1))
		return -EMFILE;
	fd = socket(to.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0 || (connect(fd, (struct sockaddr *)&to, bytes) < 0 && errno != EINPROGRESS))
		error = -errno;
	if (!error)
		error = loop_watch_level(lookups->loop, &query->watch, fd, events);
	if (!error)
		return 0;
	if (fd >= 0)
		close(fd);
	budget_give(lookups->budget, 1);
	return error;
}

/* By UDP. 0 or -errno. */
static int begin_attempt(struct query *query)
{
	struct lookups *lookups = query->lookups;
	const struct resolv *resolv = &lookups->page.resolv;
	unsigned round = query->n_attempts / resolv->n_servers;
	struct dns_question question;
	int error = crypto_random(&query->id, sizeof(query->id));

	if (!error)
		error = connect_attempt(query, SOCK_DGRAM, EPOLLIN);
	if (error)
		return error;
	question = question_of(query);
	if (send(query->watch.fd, question.message, question.bytes, MSG_NOSIGNAL) < 0)
		return -errno;
	timer_arm(&lookups->loop->timers, &query->timer,
		  lookups->loop->now_ms + ((uint64_t)resolv->timeout_ms << round));
	return 0;
}

/* From the attempt that n_attempts names on; the query ends where no server is left. */
static void go_on(struct query *query, const char *failure)
{
	const struct resolv *resolv = &query->lookups->page.resolv;

	for (; query->n_attempts < resolv->attempts * resolv->n_servers; query->n_attempts++) {
		int error;

		close_attempt(query);
		error = begin_attempt(query);
		if (!error)
			return;
		failure = error == -EMFILE ? no_descriptor : unreachable;
	}
	fail(query, failure);
}

static void try_next(struct query *query, const char *failure)
{
	query->n_attempts++;
	go_on(query, failure);
}

/* The same server once more, with what is left of its time. */
static void begin_stream(struct query *query)
{
	struct lookups *lookups = query->lookups;
	uint64_t due_ms = query->timer.due_ms;
	struct lookup_stream *stream = malloc(sizeof(*stream));

	close_attempt(query);
	if (!stream || connect_attempt(query, SOCK_STREAM, EPOLLOUT) < 0) {
		free(stream);
		try_next(query, unreachable);
		return;
	}
	stream->used = 0;
	query->stream = stream;
	timer_arm(&lookups->loop->timers, &query->timer, due_ms);
}

/* ---- what comes of it ---- */

static void take_addresses(struct query *query, struct lookup_answer *answer)
{
	if (answer->n == 0)
		answer->failure = no_address;
	finish(query, answer);
}

static void take_message(struct query *query, const uint8_t *message, size_t bytes)
{
	const struct dns_question question = question_of(query);
	struct lookup_answer answer = {0};

	switch (dns_read(message, bytes, &question, answer.address, LOOKUP_ADDRESSES_MAX,
			 &answer.n)) {
	case DNS_ADDRESSES:
		take_addresses(query, &answer);
		return;
	case DNS_NO_NAME:
		fail(query, no_name);
		return;
	case DNS_CUT:
		if (!query->stream) {
			begin_stream(query);
			return;
		}
		break;
	case DNS_FAILED:
		break;
	case DNS_OTHER:
		if (!query->stream)
			return; /* the right one may still come */
		break;
	}
	try_next(query, cannot_tell);
}

static void read_datagram(struct query *query)
{
	uint8_t message[DATAGRAM_BYTES];
	ssize_t n = recv(query->watch.fd, message, sizeof(message), 0);

	if (n >= 0)
		take_message(query, message, (size_t)n);
	else if (errno != EAGAIN && errno != EINTR)
		try_next(query, unreachable);
}

/* A question is shorter than any send buffer. */
static void write_stream(struct query *query)
{
	const struct dns_question question = question_of(query);
	uint8_t bytes[LENGTH_BYTES + DNS_QUESTION_BYTES];

	wire_write(bytes, LENGTH_BYTES, question.bytes);
	memcpy(bytes + LENGTH_BYTES, question.message, question.bytes);
	if (send(query->watch.fd, bytes, LENGTH_BYTES + question.bytes, MSG_NOSIGNAL) < 0 ||
	    loop_watch_level(query->lookups->loop, &query->watch, query->watch.fd, EPOLLIN) < 0)
		try_next(query, unreachable);
}

static void read_stream(struct query *query)
{
	struct lookup_stream *stream = query->stream;
	ssize_t n = recv(query->watch.fd, stream->bytes + stream->used,
			 sizeof(stream->bytes) - stream->used, 0);
	size_t bytes;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		try_next(query, n == 0 ? cannot_tell : unreachable);
		return;
	}
	stream->used += (size_t)n;
	bytes = stream->used < LENGTH_BYTES ? 0 : (size_t)wire_read(stream->bytes, LENGTH_BYTES);
	if (bytes > STREAM_BYTES)
		try_next(query, cannot_tell);
	else if (stream->used >= LENGTH_BYTES + bytes && stream->used >= LENGTH_BYTES)
		take_message(query, stream->bytes + LENGTH_BYTES, bytes);
}

static void on_socket_event(struct watch *watch, uint32_t events)
{
	struct query *query = container_of(watch, struct query, watch);

	if (!query->stream)
		read_datagram(query);
	else if (events & EPOLLOUT)
		write_stream(query);
	else
		read_stream(query);
}

/* ---- queries ---- */

static void begin_anew(struct lookups *lookups)
{
	list_for_each_safe(node, tmp, &lookups->queries) {
		struct query *query = container_of(node, struct query, node);

		query->n_attempts = 0;
		go_on(query, NULL);
	}
}

/* Whether there are other servers now, which all queries have been put to. */
static bool refresh(struct lookups *lookups)
{
	const struct resolv before = lookups->page.resolv;

	if (!directory_read(lookups->directory, &lookups->version, &lookups->page) ||
	    memcmp(&before, &lookups->page.resolv, sizeof(before)) == 0)
		return false;
	begin_anew(lookups);
	return true;
}

static void on_timer(struct timer *timer)
{
	struct query *query = container_of(timer, struct query, timer);

	if (!refresh(query->lookups))
		try_next(query, silence);
}

int lookups_open(struct lookups **out, struct loop *loop, struct budget *budget,
		 const struct directory *directory)
{
	struct lookups *lookups = calloc(1, sizeof(*lookups));

	if (!lookups)
		return -ENOMEM;
	lookups->loop = loop;
	lookups->budget = budget;
	lookups->directory = directory;
	list_init(&lookups->queries);
	directory_read(directory, &lookups->version, &lookups->page);
	*out = lookups;
	return 0;
}

void lookups_close(struct lookups *lookups)
{
	if (!lookups)
		return;
	list_for_each_safe(node, tmp, &lookups->queries)
		leave(container_of(node, struct query, node));
	free(lookups);
}

unsigned lookup_in_hosts(struct lookups *lookups, const char *name, struct address *out,
			 unsigned max)
{
	refresh(lookups);
	return hosts_find(&lookups->page.hosts, name, out, max);
}

bool lookup_ask(struct lookups *lookups, struct query *query, const char *name, sa_family_t family)
{
	refresh(lookups);
	if (lookups->n_queries == QUERIES_MAX)
		return false;
	query->lookups = lookups;
	query->name = name;
	query->family = family;
	query->n_attempts = 0;
	query->stream = NULL;
	query->watch = (struct watch){.fd = -1, .on_event = on_socket_event};
	timer_init(&query->timer, on_timer);
	query->is_under_way = true;
	lookups->n_queries++;
	list_append(&lookups->queries, &query->node);
	go_on(query, silence);
	return true;
}

void lookup_drop(struct query *query)
{
	if (query->is_under_way)
		leave(query);
}
