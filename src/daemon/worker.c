/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A worker: an unprivileged process that carries flows. */
#include "daemon/worker.h"

#include "base/log.h"
#include "base/loop.h"
#include "base/secret.h"
#include "daemon/channel.h"
#include "daemon/sandbox.h"
#include "daemon/sockets.h"
#include "relay/service.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FIRST_FD 3

struct worker {
	struct loop loop;
	struct relay relay;
	struct watch channel;
	int listener_fds[RELAY_LISTENERS_MAX];
	unsigned n_listeners;
	int channel_fd;
};

static void on_witness(struct relay *relay, const struct address *local)
{
	struct worker *worker = container_of(relay, struct worker, relay);
	struct message message = {.type = MESSAGE_WITNESS, .address = *local};

	if (channel_send(worker->channel.fd, &message) < 0)
		relay->n_witnessed--; /* told again by the next connection */
}

static void on_greeted(struct relay *relay, enum greeting_kind kind, const struct address *local,
		       const struct address *about)
{
	struct worker *worker = container_of(relay, struct worker, relay);
	struct message message = {
		.type = MESSAGE_GREETED, .greeting = kind, .address = *local, .about = *about};

	channel_send(worker->channel.fd, &message); /* one that is lost is said again */
}

static void on_doubt(struct relay *relay, uint8_t place, enum doubt doubt)
{
	struct worker *worker = container_of(relay, struct worker, relay);
	struct message message = {.type = MESSAGE_DOUBT, .place = place, .doubt = doubt};

	channel_send(worker->channel.fd, &message);
}

static void on_held_up(struct relay *relay, const struct address *local,
		       const struct address *remote)
{
	struct worker *worker = container_of(relay, struct worker, relay);
	struct message message = {.type = MESSAGE_HELD_UP, .address = *local, .about = *remote};

	channel_send(worker->channel.fd, &message);
}

static void on_idle(struct relay *relay)
{
	loop_stop(relay->loop);
}

/* Without a supervisor nobody keeps the paths: the flows end, and their ends are told so. */
static void on_supervisor_gone(struct worker *worker)
{
	log_warning("the supervisor is gone: ending %u flows", worker->relay.n_flows);
	loop_close(&worker->loop, &worker->channel);
	service_drain(&worker->relay);
	service_abort(&worker->relay);
}

/* One that cannot accept is of no use: another takes its place. */
static void begin(struct worker *worker)
{
	int error = service_listen(&worker->relay, worker->listener_fds, worker->n_listeners);

	if (error == 0)
		return;
	log_error("cannot accept connections: %s", strerror(-error));
	_exit(EXIT_FAILURE);
}

static void on_channel(struct watch *watch, uint32_t events)
{
	struct worker *worker = container_of(watch, struct worker, channel);
	struct message message;
	int got = channel_receive(watch->fd, &message);

	(void)events;
	if (got == 0)
		on_supervisor_gone(worker);
	else if (got == 1 && message.type == MESSAGE_BEGIN)
		begin(worker);
	else if (got == 1 && message.type == MESSAGE_DRAIN)
		service_drain(&worker->relay);
	else if (got == 1 && message.type == MESSAGE_PEER_GONE)
		service_end_older(&worker->relay, message.router, message.gone_ms);
}

/* Moves a descriptor to `to` or above, out of the way of close_range(). */
static int lift(int fd, int to)
{
	return fcntl(fd, F_DUPFD_CLOEXEC, to);
}

/*
 * Keeps the standard descriptors and what the worker was given, as FIRST_FD and up; closes the
 * rest: the supervisor's netlink sockets and its ends of other workers' channels among them.
 */
static int keep_only_own_descriptors(struct worker *worker, const struct worker_setup *setup)
{
	const int above = FIRST_FD + (int)setup->n_listeners + 1;
	int given[RELAY_LISTENERS_MAX + 1];
	unsigned n = 0;

	for (; n < setup->n_listeners; n++)
		given[n] = lift(setup->listener_fds[n], above);
	given[n++] = lift(setup->channel_fd, above);
	for (unsigned i = 0; i < n; i++)
		if (given[i] < 0 || dup3(given[i], FIRST_FD + (int)i, O_CLOEXEC) < 0)
			return -errno;
	if (syscall(SYS_close_range, FIRST_FD + n, ~0U, 0) < 0)
		return -errno;
	for (unsigned i = 0; i < setup->n_listeners; i++)
		worker->listener_fds[i] = FIRST_FD + (int)i;
	worker->n_listeners = setup->n_listeners;
	worker->channel_fd = FIRST_FD + (int)n - 1;
	return 0;
}

/* Ctrl-C and a service manager signal every process: the supervisor decides what it means for
 * flows. */
static void set_signals(void)
{
	sigset_t none;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* In the background a worker has no terminal, and could not find syslog again if that restarted. */
static int line_fd = -1;

static void pass_line(enum log_level level, const char *text)
{
	struct message message = {.type = MESSAGE_LINE, .level = level};

	snprintf(message.text, sizeof(message.text), "%s", text);
	channel_send(line_fd, &message);
}

/* Everything that has to be opened once is open. */
static void shut_in(const struct conf *conf, int channel_fd, bool tells)
{
	const struct filter_needs needs = {
		.is_server = conf->role == CONF_SERVER,
		.splices = conf->forward != CONF_FORWARD_COPY,
		.keeps_raw = conf_shows_hosts(conf),
		.pid = getpid(),
	};

	sandbox_close(&needs, channel_fd, tells);
}

/*
 * Everything that is open later is opened here, while files can be. Nothing is read from the
 * network yet.
 */
static int open_all(struct worker *worker, const struct worker_setup *setup)
{
	const struct salts salts = {
		.store = setup->salts->store,
		.n_tables = setup->salts->n_tables,
		.own = setup->index,
		.forgets = setup->conf->method->format == METHOD_2022,
	};
	const struct service_setup service = {
		.conf = setup->conf,
		.board = setup->board,
		.counters = &setup->board->worker[setup->index],
		.salts = &salts,
		.directory = setup->directory,
	};
	int error = loop_init(&worker->loop);

	if (error < 0)
		return error;
	worker->channel = (struct watch){.fd = -1, .on_event = on_channel};
	error = loop_watch_messages(&worker->loop, &worker->channel, worker->channel_fd);
	if (error < 0)
		return error;
	error = service_init(&worker->relay, &worker->loop, &service);
	if (error < 0)
		return error;
	worker->relay.on_witness = on_witness;
	worker->relay.on_greeted = on_greeted;
	worker->relay.on_doubt = on_doubt;
	worker->relay.on_held_up = on_held_up;
	worker->relay.on_idle = on_idle;
	if (!setup->stands_by)
		error = service_listen(&worker->relay, worker->listener_fds, worker->n_listeners);
	return error;
}

static int drop_privileges(const struct conf *conf, const struct privilege_user *user,
			   int channel_fd, bool tells)
{
	int error;

	sandbox_enter(conf->pid_file[0] != '\0', tells);
	error = privilege_drop(user, conf_shows_hosts(conf));
	if (error < 0)
		return error;
	sandbox_limit();
	shut_in(conf, channel_fd, tells);
	return 0;
}

static int become_worker(struct worker *worker, const struct worker_setup *setup)
{
	char prefix[16];
	int error;

	snprintf(prefix, sizeof(prefix), "worker %u: ", setup->index);
	log_set_prefix(prefix);
	set_signals();
	error = keep_only_own_descriptors(worker, setup);
	if (error < 0)
		return error;
	if (setup->conf->pid_file[0] != '\0') {
		line_fd = worker->channel_fd;
		log_use_sink(pass_line);
	}
	return 0;
}

static int start(struct worker *worker, const struct worker_setup *setup)
{
	const struct message ready = {.type = MESSAGE_READY};
	int error = become_worker(worker, setup);

	if (error == 0)
		error = open_all(worker, setup);
	if (error == 0)
		error = drop_privileges(setup->conf, setup->user, worker->channel_fd,
					setup->index == 0);
	return error < 0 ? error : channel_send(worker->channel_fd, &ready);
}

int worker_try(const struct conf *conf, const struct privilege_user *user)
{
	pid_t child = fork();
	int status, error = -EPERM;

	if (child == 0)
		_exit(-drop_privileges(conf, user, -1, false));
	if (child < 0 || waitpid(child, &status, 0) < 0)
		error = -errno;
	else if (WIFEXITED(status))
		error = -WEXITSTATUS(status);
	if (error < 0)
		log_error("workers cannot start: %s", strerror(-error));
	return error;
}

int worker_run(const struct worker_setup *setup)
{
	struct worker worker = {0};
	int error = start(&worker, setup);

	if (error < 0) {
		log_error("cannot start: %s", strerror(-error));
		return EXIT_FAILURE;
	}
	error = loop_run(&worker.loop);
	service_exit(&worker.relay);
	loop_exit(&worker.loop);
	secret_wipe_all();
	return error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
