/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor: the privileged process that prepares everything and carries nothing. */
#include "daemon/supervisor.h"

#include "base/log.h"
#include "base/loop.h"
#include "daemon/background.h"
#include "daemon/control.h"
#include "daemon/crew.h"
#include "daemon/naming.h"
#include "daemon/privilege.h"
#include "daemon/resolve.h"
#include "daemon/salts_file.h"
#include "daemon/signals.h"
#include "daemon/sockets.h"
#include "firewall/interception.h"
#include "paths/manager.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

/*
 * Theory of operation. Start: everything that can fail because of a wrong configuration is tried
 * before anything in the kernel is changed; then the paths, then the workers. Running: the loop
 * hands signals, workers' messages and netlink events to those who know what to do. Stop: first no
 * new connections, then a time for flows to end by themselves, then the rest is killed, and last
 * the paths are taken down, so that a flow never outlives the routes it needs.
 */

#define GRACE_MS 5000

struct supervisor {
	struct conf *conf;
	struct loop loop;
	struct privilege_user user;
	struct sockets sockets;
	struct board *board;
	struct salts_file salts;
	struct manager *manager;
	struct interception *interception; /* NULL: the firewall is left alone */
	struct naming *naming;		   /* NULL on a client */
	struct crew crew;
	struct signals signals;
	struct control *control; /* NULL: done without */
	struct timer grace;
	bool is_stopping;
	bool has_failed;
};

static unsigned count_workers(const struct conf *conf)
{
	cpu_set_t cpus;
	unsigned n = conf->workers;

	if (n == 0)
		n = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ? (unsigned)CPU_COUNT(&cpus) : 1;
	return n < BOARD_WORKERS_MAX ? n : BOARD_WORKERS_MAX;
}

/* The soft limit is a default for programs that use select(); the hard one is the administrator's.
 */
static void raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static void stop(struct supervisor *supervisor)
{
	uint64_t flows = crew_flows(&supervisor->crew);

	if (supervisor->is_stopping) {
		crew_kill(&supervisor->crew);
		return;
	}
	supervisor->is_stopping = true;
	interception_leave(supervisor->interception);
	if (flows > 0)
		log_info("stopping: %llu flows have %d s to end", (unsigned long long)flows,
			 GRACE_MS / 1000);
	sockets_close(&supervisor->sockets);
	timer_arm(&supervisor->loop.timers, &supervisor->grace, clock_ms() + GRACE_MS);
	crew_dismiss(&supervisor->crew);
}

static void on_grace_over(struct timer *timer)
{
	struct supervisor *supervisor = container_of(timer, struct supervisor, grace);

	log_info("ending %llu flows", (unsigned long long)crew_flows(&supervisor->crew));
	crew_kill(&supervisor->crew);
}

static void on_signal(struct signals *signals, int number)
{
	struct supervisor *supervisor = container_of(signals, struct supervisor, signals);

	if (number == SIGCHLD)
		crew_reap(&supervisor->crew);
	else if (number == SIGHUP)
		log_info("SIGHUP is ignored: the configuration is read at the start only");
	else
		stop(supervisor);
}

static void on_crew_failed(struct crew *crew)
{
	struct supervisor *supervisor = container_of(crew, struct supervisor, crew);

	supervisor->has_failed = true;
	if (!supervisor->is_stopping)
		stop(supervisor);
}

static void on_crew_ready(struct crew *crew)
{
	struct supervisor *supervisor = container_of(crew, struct supervisor, crew);
	const struct conf *conf = supervisor->conf;

	if (supervisor->interception &&
	    interception_start(supervisor->interception, &supervisor->loop) < 0) {
		on_crew_failed(crew);
		return;
	}
	log_info("ready: %s on port %u, %u worker%s",
		 conf->role == CONF_CLIENT ? "client" : "server",
		 conf->role == CONF_CLIENT ? conf->local_port : conf->server_port, crew->n_workers,
		 crew->n_workers == 1 ? "" : "s");
	background_ready(conf->pid_file);
}

static void on_crew_gone(struct crew *crew)
{
	loop_stop(crew->loop);
}

static void on_crew_report(struct crew *crew, const struct message *message)
{
	struct manager *manager = container_of(crew, struct supervisor, crew)->manager;

	if (message->type == MESSAGE_WITNESS)
		manager_witness(manager, &message->address);
	else if (message->type == MESSAGE_GREETED)
		manager_greeted(manager, message->greeting, &message->address, &message->about);
	else if (message->type == MESSAGE_DOUBT)
		manager_doubt(manager, message->place, message->doubt);
}

static void on_peer_gone(void *owner, uint8_t router, uint64_t gone_ms)
{
	struct supervisor *supervisor = owner;

	crew_tell_peer_gone(&supervisor->crew, router, gone_ms);
}

static int start_crew(struct supervisor *supervisor)
{
	supervisor->crew = (struct crew){
		.loop = &supervisor->loop,
		.conf = supervisor->conf,
		.sockets = &supervisor->sockets,
		.user = &supervisor->user,
		.board = supervisor->board,
		.salts = &supervisor->salts,
		.directory = naming_directory(supervisor->naming),
		.n_workers = supervisor->sockets.n_workers,
		.on_ready = on_crew_ready,
		.on_failed = on_crew_failed,
		.on_gone = on_crew_gone,
		.on_report = on_crew_report,
	};
	return crew_start(&supervisor->crew);
}

/* The loop, with everything that is served in it. */
static int run(struct supervisor *supervisor)
{
	int error = loop_init(&supervisor->loop);

	if (error < 0)
		return error;
	timer_init(&supervisor->grace, on_grace_over);
	error = signals_watch(&supervisor->signals, &supervisor->loop, on_signal);
	if (error == 0)
		error = start_crew(supervisor);
	if (error == 0)
		naming_follow(supervisor->naming, &supervisor->loop);
	if (error == 0) {
		manager_on_peer_gone(supervisor->manager, on_peer_gone, supervisor);
		error = manager_start(supervisor->manager, &supervisor->loop);
	}
	if (error < 0)
		return error;
	supervisor->control =
		control_open(&supervisor->loop, &supervisor->crew, supervisor->manager);
	return loop_run(&supervisor->loop);
}

/* Not 0, and another one at each start. */
static uint64_t random_number(void)
{
	uint64_t number = 0;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != (ssize_t)sizeof(number))
		number = clock_ms() << 20 ^ (uint64_t)getpid();
	return number | 1;
}

static int prepare_board(struct supervisor *supervisor)
{
	supervisor->board = board_new();
	if (supervisor->board) {
		supervisor->board->instance = random_number();
		supervisor->board->started_ms = clock_ms();
		return 0;
	}
	log_error("no memory: %s", strerror(errno));
	return -ENOMEM;
}

/* A client's answers of 2022 name the request that they are for: none of them can be a recording.
 */
static bool needs_salts(const struct conf *conf)
{
	return conf->method->format == METHOD_2017 ||
	       (conf->method->format == METHOD_2022 && conf->role == CONF_SERVER);
}

/* Before the workers are made, who share it. */
static int prepare_salts(struct supervisor *supervisor)
{
	const struct conf *conf = supervisor->conf;
	uint16_t port = conf->role == CONF_SERVER ? conf->server_port : conf->local_port;
	int error;

	if (!needs_salts(conf))
		return 0;
	error = salts_file_open(&supervisor->salts, port, supervisor->sockets.n_workers);
	if (error < 0)
		log_error("no memory for salts: %s", strerror(-error));
	return error;
}

/* Each step logs its own failure. */
static int prepare(struct supervisor *supervisor)
{
	struct conf *conf = supervisor->conf;
	int error = privilege_find_user(conf->user, &supervisor->user);

	if (error == 0)
		error = resolve_servers(conf, &supervisor->user);
	if (error == 0)
		error = sockets_open(&supervisor->sockets, conf, count_workers(conf));
	if (error == 0)
		error = prepare_board(supervisor);
	if (error == 0 && conf->role == CONF_SERVER)
		error = naming_open(&supervisor->naming, conf);
	if (error == 0)
		error = prepare_salts(supervisor);
	if (error == 0)
		error = manager_open(&supervisor->manager, conf, supervisor->board);
	if (error == 0)
		error = interception_open(&supervisor->interception, conf, supervisor->user.uid);
	return error;
}

int supervisor_run(struct conf *conf)
{
	struct supervisor supervisor = {.conf = conf};
	int error;

	raise_descriptor_limit();
	signals_block();
	error = background_start(conf->pid_file);
	if (error < 0)
		log_error("cannot go to the background: %s", strerror(-error));
	else
		error = prepare(&supervisor);
	if (error == 0) {
		error = run(&supervisor);
		if (error < 0)
			log_error("cannot go on: %s", strerror(-error));
	}
	control_close(supervisor.control);
	interception_close(supervisor.interception);
	manager_close(supervisor.manager);
	sockets_close(&supervisor.sockets);
	naming_close(supervisor.naming);
	board_free(supervisor.board);
	salts_file_close(&supervisor.salts);
	background_exit();
	return error < 0 || supervisor.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
