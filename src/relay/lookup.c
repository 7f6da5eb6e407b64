/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lookups: one worker's questions to name servers, by c-ares. */
#include "relay/lookup.h"

#include <ares.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation. c-ares makes its sockets itself and says what it waits for on each; they are
 * watched in the worker's loop, level-triggered, and each takes a descriptor of the budget. One
 * timer runs for all its time limits.
 *
 * c-ares cannot take back one query. One that is dropped stays in its place until it is answered or
 * its time is over, and counts as one under way until then, so that a peer that asks and leaves
 * does not get more of them than one that waits.
 *
 * When the directory names other servers, every query is cancelled, because c-ares takes new
 * servers only while none is under way, and asked again: so nobody waits for a server that is gone.
 * The time limits are those that held when the worker started.
 *
 * Nothing is remembered. The router's own name server does that, with the times that the records
 * allow; a memory here would be one for each worker, to be kept in step with it.
 */

#define QUERIES_MAX 1024 /* about 2 KiB each with what c-ares has for it */
#define SOCKETS_MAX (4 * CONF_NAMESERVERS_MAX)

/* c-ares opens one even if told everything; this has nothing to say. */
static char empty_file[] = "/dev/null";
static char by_dns_alone[] = "b";

struct lookup_socket {
	struct watch watch;
	struct lookups *lookups;
	int fd; /* -1: free */
};

struct lookups {
	struct loop *loop;
	struct budget *budget;
	const struct directory *directory;
	struct directory_page page; /* a copy, brought up to date before it is used */
	uint32_t version;
	ares_channel channel;
	struct timer timer;
	struct list queries; /* under way */
	unsigned n_queries;
	bool is_renewing;
	struct lookup_socket socket[SOCKETS_MAX];
};

static struct lookup_socket *find_socket(struct lookups *lookups, int fd)
{
	for (unsigned i = 0; i < SOCKETS_MAX; i++)
		if (lookups->socket[i].fd == fd)
			return &lookups->socket[i];
	return NULL;
}

/* The next moment at which c-ares has something to do without an event. */
static void arm_timer(struct lookups *lookups)
{
	struct timer_wheel *timers = &lookups->loop->timers;
	struct timeval left;

	if (ares_timeout(lookups->channel, NULL, &left))
		timer_arm(timers, &lookups->timer,
			  lookups->loop->now_ms + (uint64_t)left.tv_sec * 1000 +
				  (uint64_t)left.tv_usec / 1000 + 1);
	else
		timer_cancel(timers, &lookups->timer);
}

static void on_socket_event(struct watch *watch, uint32_t events)
{
	struct lookup_socket *socket = container_of(watch, struct lookup_socket, watch);
	struct lookups *lookups = socket->lookups;
	const uint32_t ends = EPOLLERR | EPOLLHUP;

	ares_process_fd(lookups->channel, events & (EPOLLIN | ends) ? watch->fd : ARES_SOCKET_BAD,
			events & (EPOLLOUT | ends) ? watch->fd : ARES_SOCKET_BAD);
	arm_timer(lookups);
}

/* c-ares has made a socket. Another value than 0 makes it close it again, as one that failed. */
static int on_socket_made(ares_socket_t fd, int type, void *data)
{
	struct lookups *lookups = data;
	struct lookup_socket *socket = find_socket(lookups, -1);

	(void)type;
	if (!socket || !budget_take(lookups->budget, 1))
		return -1;
	socket->fd = fd;
	return 0;
}

/* What c-ares waits for on one of its sockets; nothing at all: it closes it now. */
static void on_socket_state(void *data, ares_socket_t fd, int readable, int writable)
{
	struct lookups *lookups = data;
	struct lookup_socket *socket = find_socket(lookups, fd);

	if (!socket)
		return;
	if (readable || writable) {
		/* if that fails, its time limit ends what was asked there */
		loop_watch_level(lookups->loop, &socket->watch, fd,
				 (readable ? EPOLLIN : 0) | (writable ? EPOLLOUT : 0));
		return;
	}
	loop_unwatch(lookups->loop, &socket->watch);
	socket->fd = -1;
	budget_give(lookups->budget, 1);
}

static void finish(struct query *query, const struct lookup_answer *answer)
{
	query->lookups->n_queries--;
	list_remove(&query->node);
	query->is_under_way = false;
	query->on_answer(query, answer);
}

static void on_answer(void *arg, int status, int timeouts, struct ares_addrinfo *info)
{
	struct query *query = arg;
	struct lookup_answer answer = {.failure = ares_strerror(status)};

	(void)timeouts;
	if (query->lookups->is_renewing && !query->is_dropped) {
		query->asks_again = true;
		return;
	}
	for (struct ares_addrinfo_node *node = info ? info->nodes : NULL;
	     node && answer.n < LOOKUP_ADDRESSES_MAX; node = node->ai_next) {
		struct sockaddr_storage ss = {0};

		memcpy(&ss, node->ai_addr, (size_t)node->ai_addrlen);
		answer.address[answer.n++] = address_from_sockaddr(&ss);
	}
	ares_freeaddrinfo(info);
	if (answer.n > 0)
		answer.failure = NULL;
	else if (status == ARES_SUCCESS)
		answer.failure = ares_strerror(ARES_ENODATA);
	finish(query, &answer);
}

static void ask(struct query *query)
{
	const struct ares_addrinfo_hints hints = {
		.ai_flags = ARES_AI_NOSORT,
		.ai_family = query->family,
		.ai_socktype = SOCK_STREAM,
	};

	ares_getaddrinfo(query->lookups->channel, query->name, NULL, &hints, on_answer, query);
}

static void use_servers(struct lookups *lookups)
{
	char servers[RESOLV_SERVERS_BYTES];

	lookups->is_renewing = true;
	ares_cancel(lookups->channel);
	lookups->is_renewing = false;
	ares_set_servers_ports_csv(lookups->channel,
				   resolv_format_servers(&lookups->page.resolv, servers));
	list_for_each_safe(node, tmp, &lookups->queries) {
		struct query *query = container_of(node, struct query, node);

		if (!query->asks_again)
			continue;
		query->asks_again = false;
		ask(query);
	}
	arm_timer(lookups);
}

static void refresh(struct lookups *lookups)
{
	const struct resolv before = lookups->page.resolv;

	if (directory_read(lookups->directory, &lookups->version, &lookups->page) &&
	    memcmp(&before, &lookups->page.resolv, sizeof(before)) != 0)
		use_servers(lookups);
}

static void on_timer(struct timer *timer)
{
	struct lookups *lookups = container_of(timer, struct lookups, timer);

	refresh(lookups);
	ares_process_fd(lookups->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm_timer(lookups);
}

/* All that c-ares would otherwise find out from files. */
static int open_channel(struct lookups *lookups)
{
	struct ares_options options = {
		.flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES,
		.timeout = (int)lookups->page.resolv.timeout_ms,
		.tries = (int)lookups->page.resolv.attempts,
		.lookups = by_dns_alone,
		.resolvconf_path = empty_file,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = lookups,
	};
	const int mask = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_DOMAINS |
			 ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB |
			 ARES_OPT_NOROTATE;
	int status = ares_library_init(ARES_LIB_INIT_ALL);

	if (status == ARES_SUCCESS)
		status = ares_init_options(&lookups->channel, &options, mask);
	if (status != ARES_SUCCESS)
		return status == ARES_ENOMEM ? -ENOMEM : -EIO;
	ares_set_socket_callback(lookups->channel, on_socket_made, lookups);
	return 0;
}

int lookups_open(struct lookups **out, struct loop *loop, struct budget *budget,
		 const struct directory *directory)
{
	struct lookups *lookups = calloc(1, sizeof(*lookups));
	int error;

	if (!lookups)
		return -ENOMEM;
	lookups->loop = loop;
	lookups->budget = budget;
	lookups->directory = directory;
	list_init(&lookups->queries);
	timer_init(&lookups->timer, on_timer);
	for (unsigned i = 0; i < SOCKETS_MAX; i++)
		lookups->socket[i] = (struct lookup_socket){
			.watch = {.fd = -1, .on_event = on_socket_event},
			.lookups = lookups,
			.fd = -1,
		};
	directory_read(directory, &lookups->version, &lookups->page);
	error = open_channel(lookups);
	if (error < 0) {
		free(lookups);
		return error;
	}
	use_servers(lookups);
	*out = lookups;
	return 0;
}

void lookups_close(struct lookups *lookups)
{
	if (!lookups)
		return;
	ares_destroy(lookups->channel);
	ares_library_cleanup();
	timer_cancel(&lookups->loop->timers, &lookups->timer);
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
	query->is_under_way = true;
	lookups->n_queries++;
	list_append(&lookups->queries, &query->node);
	ask(query);
	arm_timer(lookups);
	return true;
}

void lookup_drop(struct query *query)
{
	query->is_dropped = true;
}
