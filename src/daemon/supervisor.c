/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor: the privileged process that prepares everything and carries nothing. */
#include "daemon/supervisor.h"

#include "base/log.h"
#include "base/loop.h"
#include "daemon/background.h"
#include "daemon/control.h"
#include "daemon/notify.h"
#include "daemon/reload.h"
#include "daemon/resolve.h"
#include "daemon/signals.h"
#include "daemon/upgrade.h"

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
	struct upgrade upgrade;
	const struct handover *from; /* of the program before; NULL: this is a start */
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
	notify_send("STOPPING=1");
	reload_give_up(&supervisor->reload);
	upgrade_give_up(&supervisor->upgrade);
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

static bool is_serving(const struct supervisor *supervisor)
{
	return supervisor->parts.crew.has_been_ready && !supervisor->is_stopping;
}

/*
 * First this program takes the file as it is now, as far as it goes without the next one: what the
 * next one then needs is at hand, and nothing of it can be refused any more.
 */
static int begin_upgrade(struct supervisor *supervisor, struct messages *errors,
			 struct messages *notes)
{
	struct upgrade *upgrade = &supervisor->upgrade;
	int error = upgrade_begin(upgrade, control_listener(supervisor->control), errors);

	if (error < 0)
		return error;
	error = reload_begin(&supervisor->reload, errors, notes);
	if (error < 0) {
		messages_add(errors, "so the new program does not take over");
		upgrade_give_up(upgrade);
	} else if (!supervisor->reload.conf) {
		upgrade_go_on(upgrade);
	}
	return error;
}

/* 0: it has begun, or is done. */
static int begin_change(struct supervisor *supervisor, struct messages *errors,
			struct messages *notes)
{
	if (!is_serving(supervisor)) {
		messages_add(errors, "it is %s", supervisor->is_stopping ? "stopping" : "starting");
		return -EBUSY;
	}
	notify_send("RELOADING=1");
	if (supervisor->reload.conf || upgrade_has_begun(&supervisor->upgrade)) {
		messages_add(errors, "a reload is under way");
		return -EBUSY;
	}
	if (!upgrade_is_due(&supervisor->upgrade))
		return reload_begin(&supervisor->reload, errors, notes);
	return begin_upgrade(supervisor, errors, notes);
}

/* Unless it goes on in the background; then it is told later. */
static void tell_reloaded(const struct supervisor *supervisor)
{
	if (is_serving(supervisor) && !supervisor->reload.conf &&
	    !upgrade_has_begun(&supervisor->upgrade))
		notify_send("READY=1");
}

/* 0, or what reload_begin() says; the log has the same. */
static int reload(void *owner, struct messages *errors)
{
	struct supervisor *supervisor = owner;
	static struct messages notes; /* too large for a small stack */
	int error;

	memset(&notes, 0, sizeof(notes));
	error = begin_change(supervisor, errors, &notes);
	log_messages(LOG_LEVEL_INFO, &notes);
	log_messages(LOG_LEVEL_ERROR, errors);
	if (error < 0)
		log_error("not reloaded: everything stays as it was");
	tell_reloaded(supervisor);
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

/* What the program before has left is not needed any more, but by its workers' flows. */
static void have_taken_over(struct supervisor *supervisor)
{
	struct parts *parts = &supervisor->parts;
	struct sockets before = supervisor->from->sockets;

	crew_drain_leaving(&parts->crew);
	sockets_close_but(&before, &parts->sockets);
	if (!crew_has_leaving(&parts->crew))
		reload_on_left(&supervisor->reload);
}

static int start_interception(struct supervisor *supervisor)
{
	struct parts *parts = &supervisor->parts;

	if (parts->leaving)
		interception_start(parts->leaving, &parts->loop);
	return parts->interception ? interception_start(parts->interception, &parts->loop) : 0;
}

static void on_crew_ready(struct crew *crew)
{
	struct supervisor *supervisor = container_of(crew, struct supervisor, parts.crew);
	const struct conf *conf = supervisor->parts.conf;

	if (conf->role == CONF_CLIENT && start_interception(supervisor) < 0) {
		on_crew_failed(crew);
		return;
	}
	if (supervisor->from)
		have_taken_over(supervisor);
	log_info("%s: %s on port %u, %u worker%s",
		 supervisor->from ? "upgraded to mpbridge " MPBRIDGE_VERSION : "ready",
		 conf->role == CONF_CLIENT ? "client" : "server",
		 conf->role == CONF_CLIENT ? conf->local_port : conf->server_port,
		 crew->outfit.n_workers, crew->outfit.n_workers == 1 ? "" : "s");
	background_ready(conf->pid_file);
	notify_send("READY=1");
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
	else if (message->type == MESSAGE_HELD_UP)
		manager_close_subflow(manager, &message->address, &message->about);
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
	if (!is_complete)
		upgrade_give_up(&supervisor->upgrade);
	else if (upgrade_has_begun(&supervisor->upgrade))
		upgrade_go_on(&supervisor->upgrade);
	tell_reloaded(supervisor);
}

static void on_crew_left(struct crew *crew)
{
	struct supervisor *supervisor = container_of(crew, struct supervisor, parts.crew);

	reload_on_left(&supervisor->reload);
}

static void init_crew(struct supervisor *supervisor)
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
			   .n_workers = parts_count_workers(parts->conf)},
		.on_ready = on_crew_ready,
		.on_failed = on_crew_failed,
		.on_gone = on_crew_gone,
		.on_standing_by = on_crew_standing_by,
		.on_left = on_crew_left,
		.on_report = on_crew_report,
	};
}

/* The workers of the program before keep their places on the board, if that is the same. */
static int adopt_crew(struct supervisor *supervisor)
{
	struct parts *parts = &supervisor->parts;
	const struct handover *from = supervisor->from;
	bool is_known = handover_has_own_layout(from);
	char routers[PARTS_ROUTERS_BYTES];
	int error = 0;

	parts_describe_routers(parts->conf, routers);
	for (unsigned i = 0; i < from->n_workers && error == 0; i++) {
		struct crew_veteran veteran = from->worker[i];

		veteran.knows_routers =
			veteran.knows_routers && strcmp(routers, from->routers) == 0;
		veteran.is_stranger = veteran.is_stranger || !is_known;
		error = crew_adopt(&parts->crew, &veteran);
	}
	return error;
}

/* The loop, with everything that is served in it. */
static int run(struct supervisor *supervisor)
{
	int error = loop_init(&supervisor->parts.loop);

	if (error < 0)
		return error;
	timer_init(&supervisor->grace, on_grace_over);
	error = signals_watch(&supervisor->signals, &supervisor->parts.loop, on_signal);
	init_crew(supervisor);
	if (error == 0 && supervisor->from)
		error = adopt_crew(supervisor);
	/* a server's workers need it from their first flow on, a client's has to find listeners */
	if (error == 0 && supervisor->parts.conf->role == CONF_SERVER)
		error = start_interception(supervisor);
	if (error == 0)
		marking_start(supervisor->parts.marking, &supervisor->parts.loop);
	if (error == 0)
		error = crew_start(&supervisor->parts.crew);
	if (error == 0)
		naming_follow(supervisor->parts.naming, &supervisor->parts.loop);
	if (error == 0) {
		manager_on_peer_gone(supervisor->parts.manager, on_peer_gone, supervisor);
		error = manager_start(supervisor->parts.manager, &supervisor->parts.loop);
	}
	if (error < 0)
		return error;
	supervisor->control = control_open(&supervisor->parts, reload, supervisor,
					   supervisor->from ? supervisor->from->control_fd : -1);
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
	struct parts *parts = &supervisor->parts;
	const struct handover *from = supervisor->from;

	parts->board = board_new(&parts->board_fd);
	if (!parts->board) {
		log_error("no memory: %s", strerror(errno));
		return -ENOMEM;
	}
	/* for the far ends this is the same server as before */
	parts->board->instance = from ? from->instance : random_number();
	parts->board->started_ms = from ? from->started_ms : clock_ms();
	return 0;
}

/* Of the program before, if it has the same layout; else a new one. */
static int take_board(struct supervisor *supervisor)
{
	struct parts *parts = &supervisor->parts;
	const struct handover *from = supervisor->from;

	if (!handover_has_own_layout(from)) {
		close(from->board_fd);
		return prepare_board(supervisor);
	}
	parts->board_fd = from->board_fd;
	parts->board = board_map(parts->board_fd);
	return parts->board ? 0 : -errno;
}

/* Those of earlier workers are left alone. */
static unsigned count_salts_tables(const struct supervisor *supervisor, unsigned n_workers)
{
	unsigned n = n_workers;

	for (unsigned i = 0; supervisor->from && i < supervisor->from->n_workers; i++)
		if (supervisor->from->worker[i].index + 1 + n_workers > n)
			n = supervisor->from->worker[i].index + 1 + n_workers;
	return n < BOARD_WORKERS_MAX ? n : BOARD_WORKERS_MAX;
}

/* What workers need and nobody outside sees. */
static int prepare_workers(struct supervisor *supervisor, unsigned n_workers)
{
	struct parts *parts = &supervisor->parts;
	const struct handover *from = supervisor->from;
	bool has_salts = from && from->salts_fd >= 0;
	struct salts_handover salts;
	int error = 0;

	if (has_salts)
		salts = (struct salts_handover){from->salts_fd, handover_has_own_layout(from)};
	if (parts->conf->role == CONF_SERVER)
		error = naming_open(&parts->naming, parts->conf);
	if (error == 0)
		error = parts_prepare_salts(parts, parts->conf,
					    count_salts_tables(supervisor, n_workers),
					    has_salts ? &salts : NULL);
	return error;
}

/* Nothing is changed in the kernel before all else is known to be right. */
static int prepare_start(struct supervisor *supervisor)
{
	struct parts *parts = &supervisor->parts;
	struct conf *conf = parts->conf;
	unsigned n_workers = parts_count_workers(conf);
	int error = resolve_servers(conf, &parts->user);

	if (error == 0)
		error = sockets_open(&parts->sockets, conf, n_workers);
	if (error == 0)
		error = prepare_board(supervisor);
	if (error == 0)
		error = prepare_workers(supervisor, n_workers);
	if (error == 0)
		error = manager_open(&parts->manager, conf, parts->board);
	if (error == 0)
		error = marking_open(&parts->marking, conf, false);
	if (error == 0)
		error = interception_open(&parts->interception, conf, parts->user.uid);
	return error;
}

/* The program before had them looked up a moment ago. */
static void find_servers(struct supervisor *supervisor)
{
	struct conf *conf = supervisor->parts.conf;
	const struct handover *from = supervisor->from;

	if (resolve_servers(conf, &supervisor->parts.user) == 0)
		return;
	log_warning("the addresses that were known are kept");
	memcpy(conf->server, from->server, sizeof(conf->server));
	conf->n_servers = from->n_servers;
}

static int continue_interception(struct supervisor *supervisor)
{
	struct parts *parts = &supervisor->parts;
	int error = interception_continue(&parts->interception, parts->conf, parts->user.uid,
					  &supervisor->from->interception);

	if (error < 0 || !interception_is_leaving(parts->interception))
		return error;
	parts->leaving = parts->interception;
	parts->interception = NULL;
	return 0;
}

/* What is in the kernel already comes first: should the rest fail after all, it is removed. */
static int prepare_takeover(struct supervisor *supervisor)
{
	struct parts *parts = &supervisor->parts;
	const struct handover *from = supervisor->from;
	unsigned n_workers = parts_count_workers(parts->conf);
	int error;

	find_servers(supervisor);
	error = take_board(supervisor);
	if (error == 0)
		error = manager_continue(&parts->manager, parts->conf, parts->board, &from->paths);
	if (error == 0)
		error = marking_open(&parts->marking, parts->conf, true);
	if (error == 0)
		error = continue_interception(supervisor);
	if (error == 0)
		error = sockets_change(&parts->sockets, &from->sockets, parts->conf, n_workers);
	if (error == 0)
		error = prepare_workers(supervisor, n_workers);
	return error;
}

/* Each step logs its own failure. */
static int prepare(struct supervisor *supervisor)
{
	struct parts *parts = &supervisor->parts;
	int error = privilege_find_user(parts->conf->user, &parts->user);

	if (error < 0)
		return error;
	return supervisor->from ? prepare_takeover(supervisor) : prepare_start(supervisor);
}

static int go_to_background(const struct supervisor *supervisor)
{
	const char *pid_file = supervisor->parts.conf->pid_file;

	if (!supervisor->from)
		return background_start(pid_file);
	background_continue(pid_file);
	return 0;
}

int supervisor_run(struct conf *conf, const struct conf_source *source, const struct handover *from)
{
	struct supervisor supervisor = {
		.parts = {.conf = conf, .source = source, .board_fd = -1},
		.from = from,
	};
	int error;

	reload_init(&supervisor.reload, &supervisor.parts);
	upgrade_init(&supervisor.upgrade, &supervisor.parts);
	raise_descriptor_limit();
	signals_block();
	error = go_to_background(&supervisor);
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
	interception_close(supervisor.parts.leaving);
	marking_close(supervisor.parts.marking);
	manager_close(supervisor.parts.manager);
	sockets_close(&supervisor.parts.sockets);
	naming_close(supervisor.parts.naming);
	board_free(supervisor.parts.board);
	if (supervisor.parts.board_fd >= 0)
		close(supervisor.parts.board_fd);
	salts_file_close(&supervisor.parts.salts);
	background_exit();
	conf_exit(supervisor.parts.conf);
	free(supervisor.parts.conf);
	return error < 0 || supervisor.has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
