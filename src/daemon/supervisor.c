/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor: the privileged process that prepares everything and carries nothing. */
#include "daemon/supervisor.h"

#include "base/log.h"
#include "base/loop.h"
#include "daemon/background.h"
#include "daemon/control.h"
#include "daemon/reload.h"
#include "daemon/resolve.h"
#include "daemon/signals.h"

#include <errno.h>
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
	struct parts parts;
	struct reload reload;
	struct signals signals;
	struct control *control; /* NULL: done without */
	struct timer grace;
	bool is_stopping;
	bool has_failed;
};

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
	uint64_t flows = crew_flows(&supervisor->parts.crew);

	if (supervisor->is_stopping) {
		crew_kill(&supervisor->parts.crew);
		return;
	}
	supervisor->is_stopping = true;
	reload_give_up(&supervisor->reload);
	interception_leave(supervisor->parts.interception);
	if (flows > 0)
		log_info("stopping: %llu flows have %d s to end", (unsigned long long)flows,
			 GRACE_MS / 1000);
	sockets_close(&supervisor->parts.sockets);
	timer_arm(&supervisor->parts.loop.timers, &supervisor->grace, clock_ms() + GRACE_MS);
	crew_dismiss(&supervisor->parts.crew);
}

static void on_grace_over(struct timer *timer)
{
	struct supervisor *supervisor = container_of(timer, struct supervisor, grace);

	log_info("ending %llu flows", (unsigned long long)crew_flows(&supervisor->parts.crew));
	crew_kill(&supervisor->parts.crew);
}

static void log_messages(enum log_level level, const struct messages *messages)
{
	for (unsigned i = 0; i < messages_kept(messages); i++)
		log_write(level, "%s", messages->text[i]);
}

/* 0, or what reload_begin() says; the log has the same. */
static int reload(void *owner, struct messages *errors)
{
	struct supervisor *supervisor = owner;
	static struct messages notes; /* too large for a small stack */
	int error;

	memset(&notes, 0, sizeof(notes));
	if (supervisor->is_stopping || !supervisor->parts.crew.has_been_ready) {
		messages_add(errors, "it is %s", supervisor->is_stopping ? "stopping" : "starting");
		error = -EBUSY;
	} else {
		error = reload_begin(&supervisor->reload, errors, &notes);
	}
	log_messages(LOG_LEVEL_INFO, &notes);
	log_messages(LOG_LEVEL_ERROR, errors);
	if (error < 0)
		log_error("not reloaded: everything stays as it was");
	return error;
}

static void on_hangup(struct supervisor *supervisor)
{
	static struct messages errors;

	memset(&errors, 0, sizeof(errors));
	reload(supervisor, &errors);
}

static void on_signal(struct signals *signals, int number)
{
	struct supervisor *supervisor = container_of(signals, struct supervisor, signals);

	if (number == SIGCHLD)
		crew_reap(&supervisor->parts.crew);
	else if (number == SIGHUP)
		on_hangup(supervisor);
	else
		stop(supervisor);
}

static void on_crew_failed(struct crew *crew)
{
	struct supervisor *supervisor = container_of(crew, struct supervisor, parts.crew);

	supervisor->has_failed = true;
	if (!supervisor->is_stopping)
		stop(supervisor);
}

static void on_crew_ready(struct crew *crew)
{
	struct supervisor *supervisor = container_of(crew, struct supervisor, parts.crew);
	const struct conf *conf = supervisor->parts.conf;

	if (supervisor->parts.interception &&
	    interception_start(supervisor->parts.interception, &supervisor->parts.loop) < 0) {
		on_crew_failed(crew);
		return;
	}
	log_info("ready: %s on port %u, %u worker%s",
		 conf->role == CONF_CLIENT ? "client" : "server",
		 conf->role == CONF_CLIENT ? conf->local_port : conf->server_port,
		 crew->outfit.n_workers, crew->outfit.n_workers == 1 ? "" : "s");
	background_ready(conf->pid_file);
}

static void on_crew_gone(struct crew *crew)
{
	loop_stop(crew->loop);
}

static void on_crew_report(struct crew *crew, const struct message *message)
{
	struct manager *manager = container_of(crew, struct supervisor, parts.crew)->parts.manager;

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

	crew_tell_peer_gone(&supervisor->parts.crew, router, gone_ms);
}

static void on_crew_standing_by(struct crew *crew, bool is_complete)
{
	struct supervisor *supervisor = container_of(crew, struct supervisor, parts.crew);

	reload_on_standing_by(&supervisor->reload, is_complete);
}

static void on_crew_left(struct crew *crew)
{
	struct supervisor *supervisor = container_of(crew, struct supervisor, parts.crew);

	reload_on_left(&supervisor->reload);
}

static int start_crew(struct supervisor *supervisor)
{
	struct parts *parts = &supervisor->parts;

	parts->crew = (struct crew){
		.loop = &parts->loop,
		.board = parts->board,
		.outfit = {.conf = parts->conf,
			   .sockets = &parts->sockets,
			   .user = &parts->user,
			   .salts = &parts->salts,
			   .directory = naming_directory(parts->naming),
			   .n_workers = parts->sockets.n_sets},
		.on_ready = on_crew_ready,
		.on_failed = on_crew_failed,
		.on_gone = on_crew_gone,
		.on_standing_by = on_crew_standing_by,
		.on_left = on_crew_left,
		.on_report = on_crew_report,
	};
	return crew_start(&supervisor->parts.crew);
}

/* The loop, with everything that is served in it. */
static int run(struct supervisor *supervisor)
{
	int error = loop_init(&supervisor->parts.loop);

	if (error < 0)
		return error;
	timer_init(&supervisor->grace, on_grace_over);
	error = signals_watch(&supervisor->signals, &supervisor->parts.loop, on_signal);
	if (error == 0)
		error = start_crew(supervisor);
	if (error == 0)
		naming_follow(supervisor->parts.naming, &supervisor->parts.loop);
	if (error == 0) {
		manager_on_peer_gone(supervisor->parts.manager, on_peer_gone, supervisor);
		error = manager_start(supervisor->parts.manager, &supervisor->parts.loop);
	}
	if (error < 0)
		return error;
	supervisor->control = control_open(&supervisor->parts, reload, supervisor);
	return loop_run(&supervisor->parts.loop);
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
	supervisor->parts.board = board_new();
	if (supervisor->parts.board) {
		supervisor->parts.board->instance = random_number();
		supervisor->parts.board->started_ms = clock_ms();
		return 0;
	}
	log_error("no memory: %s", strerror(errno));
	return -ENOMEM;
}

/* Each step logs its own failure. */
static int prepare(struct supervisor *supervisor)
{
	struct conf *conf = supervisor->parts.conf;
	int error = privilege_find_user(conf->user, &supervisor->parts.user);

	if (error == 0)
		error = resolve_servers(conf, &supervisor->parts.user);
	if (error == 0)
		error = sockets_open(&supervisor->parts.sockets, conf, parts_count_workers(conf));
	if (error == 0)
		error = prepare_board(supervisor);
	if (error == 0 && conf->role == CONF_SERVER)
		error = naming_open(&supervisor->parts.naming, conf);
	if (error == 0)
		error = parts_prepare_salts(&supervisor->parts, conf,
					    supervisor->parts.sockets.n_sets);
	if (error == 0)
		error = manager_open(&supervisor->parts.manager, conf, supervisor->parts.board);
	if (error == 0)
		error = interception_open(&supervisor->parts.interception, conf,
					  supervisor->parts.user.uid);
	return error;
}

int supervisor_run(struct conf *conf, const struct conf_source *source)
{
	struct supervisor supervisor = {.parts = {.conf = conf, .source = source}};
	int error;

	reload_init(&supervisor.reload, &supervisor.parts);
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
	reload_exit(&supervisor.reload);
	interception_close(supervisor.parts.interception);
	manager_close(supervisor.parts.manager);
	sockets_close(&supervisor.parts.sockets);
	naming_close(supervisor.parts.naming);
	board_free(supervisor.parts.board);
	salts_file_close(&supervisor.parts.salts);
	background_exit();
	conf_exit(supervisor.parts.conf);
	free(supervisor.parts.conf);
	return error < 0 || supervisor.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
