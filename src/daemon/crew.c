/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The crew: the supervisor's worker processes, started, watched and replaced. */
#include "daemon/crew.h"

#include "base/log.h"
#include "daemon/channel.h"
#include "daemon/worker.h"
#include "relay/relay.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define RESTART_MS	1000
#define REFUSED_LINE_MS 10000

static void on_channel(struct watch *watch, uint32_t events);

static const struct crew_outfit *outfit_of(const struct crew_worker *worker)
{
	return worker->duty == CREW_STANDING_BY ? &worker->crew->next : &worker->crew->outfit;
}

/* Its set of listening sockets; and where there are more sets than workers, more of them. */
static unsigned gather_listeners(const struct crew_worker *worker, int fds[RELAY_LISTENERS_MAX])
{
	const struct crew_outfit *outfit = outfit_of(worker);
	const struct sockets *sockets = outfit->sockets;
	unsigned n = 0;

	for (unsigned set = worker->number; set < sockets->n_sets; set += outfit->n_workers)
		for (unsigned i = 0; i < sockets->n_addresses && n < RELAY_LISTENERS_MAX; i++)
			fds[n++] = sockets->fd[set][i];
	return n;
}

static _Noreturn void run_child(struct crew_worker *worker, int channel_fd)
{
	const struct crew_outfit *outfit = outfit_of(worker);
	int listener_fds[RELAY_LISTENERS_MAX];
	const struct worker_setup setup = {
		.index = worker->index,
		.conf = outfit->conf,
		.user = outfit->user,
		.board = worker->crew->board,
		.salts = outfit->salts,
		.directory = outfit->directory,
		.listener_fds = listener_fds,
		.n_listeners = gather_listeners(worker, listener_fds),
		.channel_fd = channel_fd,
		.stands_by = worker->duty == CREW_STANDING_BY,
	};

	log_set_level(outfit->conf->is_verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	_exit(worker_run(&setup));
}

/* What a worker that died had begun, it has now ended. */
static void settle_counters(struct board_counters *counters)
{
	shared64_set(&counters->flows_ended, shared64_get(&counters->flows_started));
	for (unsigned i = 0; i < CONF_SERVERS_MAX; i++)
		shared64_set(&counters->flows_to[i], 0);
	shared64_set(&counters->oldest_ms, 0);
}

static int start_worker(struct crew_worker *worker)
{
	struct crew *crew = worker->crew;
	int channel[2];
	int error = channel_open(channel);

	if (error < 0)
		return error;
	settle_counters(&crew->board->worker[worker->index]);
	worker->pid = fork();
	if (worker->pid == 0)
		run_child(worker, channel[1]);
	error = worker->pid < 0 ? -errno : 0;
	close(channel[1]);
	if (error == 0)
		error = loop_watch_messages(crew->loop, &worker->channel, channel[0]);
	if (error < 0) {
		close(channel[0]);
		return error;
	}
	worker->state = CREW_STARTING;
	worker->started_ms = clock_ms();
	return 0;
}

static void start_again(struct crew_worker *worker)
{
	int error = start_worker(worker);

	if (error == 0)
		return;
	log_error("cannot start worker %u: %s; trying again", worker->index, strerror(-error));
	worker->state = CREW_ABSENT;
	timer_arm(&worker->crew->loop->timers, &worker->restart, clock_ms() + RESTART_MS);
}

static void on_restart(struct timer *timer)
{
	start_again(container_of(timer, struct crew_worker, restart));
}

/* Of a place that is free. */
static int enlist(struct crew *crew, unsigned index, unsigned number, enum crew_duty duty)
{
	struct crew_worker *worker = &crew->worker[index];
	int error;

	*worker = (struct crew_worker){
		.crew = crew,
		.index = index,
		.number = number,
		.duty = duty,
		.knows_routers = true,
		.channel = {.fd = -1, .on_event = on_channel},
	};
	timer_init(&worker->restart, on_restart);
	error = start_worker(worker);
	if (error < 0)
		log_error("cannot start worker %u: %s", index, strerror(-error));
	return error;
}

/* In the lowest places that are free. */
static int enlist_all(struct crew *crew, unsigned n_workers, enum crew_duty duty)
{
	unsigned number = 0;
	int error = 0;

	for (unsigned i = 0; i < BOARD_WORKERS_MAX && number < n_workers && !error; i++)
		if (crew->worker[i].state == CREW_GONE)
			error = enlist(crew, i, number++, duty);
	return error;
}

int crew_start(struct crew *crew)
{
	int error = crew_has_room(crew, crew->outfit.n_workers) ? 0 : -EBUSY;

	if (error == 0)
		error = enlist_all(crew, crew->outfit.n_workers, CREW_IN_SERVICE);
	if (error < 0)
		crew_kill(crew);
	return error;
}

static unsigned count_on_duty(const struct crew *crew, enum crew_duty duty)
{
	unsigned n = 0;

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		n += crew->worker[i].state != CREW_GONE && crew->worker[i].duty == duty;
	return n;
}

static unsigned count_free(const struct crew *crew)
{
	unsigned n = 0;

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		n += crew->worker[i].state == CREW_GONE;
	return n;
}

bool crew_has_room(const struct crew *crew, unsigned n_more)
{
	return count_on_duty(crew, CREW_STANDING_BY) == 0 && count_free(crew) >= n_more;
}

unsigned crew_places_with(const struct crew *crew, unsigned n_more)
{
	unsigned n = 0;

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++) {
		bool is_used = crew->worker[i].state != CREW_GONE;

		if (is_used || n_more > 0)
			n = i + 1;
		if (!is_used && n_more > 0)
			n_more--;
	}
	return n;
}

bool crew_has_leaving(const struct crew *crew)
{
	return count_on_duty(crew, CREW_LEAVING) > 0;
}

/* Nobody has been let in by them. */
void crew_send_home(struct crew *crew)
{
	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++) {
		struct crew_worker *worker = &crew->worker[i];

		if (worker->state == CREW_GONE || worker->duty != CREW_STANDING_BY)
			continue;
		worker->duty = CREW_LEAVING;
		kill(worker->pid, SIGKILL);
	}
}

int crew_change(struct crew *crew, const struct crew_outfit *next)
{
	int error;

	if (!crew_has_room(crew, next->n_workers))
		return -EBUSY;
	crew->next = *next;
	error = enlist_all(crew, next->n_workers, CREW_STANDING_BY);
	if (error < 0)
		crew_send_home(crew);
	return error;
}

void crew_take_over(struct crew *crew, bool has_same_routers)
{
	const struct message begin = {.type = MESSAGE_BEGIN};

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++) {
		struct crew_worker *worker = &crew->worker[i];

		if (worker->state == CREW_GONE)
			continue;
		worker->knows_routers = worker->knows_routers &&
					(has_same_routers || worker->duty == CREW_STANDING_BY);
		if (worker->duty == CREW_IN_SERVICE) {
			worker->duty = CREW_LEAVING;
			timer_cancel(&crew->loop->timers, &worker->restart);
			if (worker->state == CREW_ABSENT)
				worker->state = CREW_GONE;
			else if (worker->channel.fd >= 0)
				channel_send_drain(worker->channel.fd);
		} else if (worker->duty == CREW_STANDING_BY) {
			worker->duty = CREW_IN_SERVICE;
			channel_send(worker->channel.fd, &begin);
		}
	}
	crew->outfit = crew->next;
}

/* Those on duty, of which there is one at least. */
static bool are_all_running(const struct crew *crew, enum crew_duty duty)
{
	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		if (crew->worker[i].duty == duty && crew->worker[i].state != CREW_GONE &&
		    crew->worker[i].state != CREW_RUNNING)
			return false;
	return true;
}

static void on_worker_ready(struct crew_worker *worker)
{
	struct crew *crew = worker->crew;

	worker->state = CREW_RUNNING;
	worker->was_ready = true;
	if (worker->duty == CREW_STANDING_BY && !crew->is_dismissed &&
	    are_all_running(crew, CREW_STANDING_BY))
		crew->on_standing_by(crew, true);
	if (crew->has_been_ready || crew->is_dismissed || !are_all_running(crew, CREW_IN_SERVICE))
		return;
	crew->has_been_ready = true;
	crew->on_ready(crew);
}

/* The worker goes on; what it asked for is nothing that it needs, or somebody else asks in it. */
static void on_refused(struct crew_worker *worker, int call)
{
	uint32_t more;

	if (!log_limit_pass(&worker->refused, clock_ms(), REFUSED_LINE_MS, &more))
		return;
	log_warning("worker %u (pid %d) was refused system call %d, which workers do not need; "
		    "%u more since the last such line: please report this",
		    worker->index, worker->pid, call, more);
}

/* A worker may have been taken over: its words are not relied on. */
static void on_message(struct crew_worker *worker, const struct message *message)
{
	if (message->type == MESSAGE_READY)
		on_worker_ready(worker);
	else if (message->type == MESSAGE_REFUSED)
		on_refused(worker, message->call);
	else if (message->type == MESSAGE_LINE && message->level <= LOG_LEVEL_DEBUG)
		log_write(message->level, "%s", message->text);
	else
		worker->crew->on_report(worker->crew, message);
}

static void on_channel(struct watch *watch, uint32_t events)
{
	struct crew_worker *worker = container_of(watch, struct crew_worker, channel);
	struct message message;
	int got = channel_receive(watch->fd, &message);

	(void)events;
	if (got == 0)
		loop_close(worker->crew->loop, watch); /* SIGCHLD tells the rest */
	else if (got == 1 && !worker->is_stranger)
		on_message(worker, &message);
}

/* What it said before its end: why it could not start, for one. */
static void hear_last_words(struct crew_worker *worker)
{
	struct message message;

	while (worker->channel.fd >= 0 && channel_receive(worker->channel.fd, &message) == 1)
		if (message.type != MESSAGE_READY && !worker->is_stranger)
			on_message(worker, &message);
}

static void log_end(const struct crew_worker *worker, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		log_error("worker %u (pid %d) was killed by signal %d (%s), for a system call that "
			  "only an intruder makes: its flows are lost, another takes its place",
			  worker->index, worker->pid, WTERMSIG(status), strsignal(SIGSYS));
	else if (WIFSIGNALED(status))
		log_error("worker %u (pid %d) was killed by signal %d (%s): its flows are lost, "
			  "another takes its place",
			  worker->index, worker->pid, WTERMSIG(status),
			  strsignal(WTERMSIG(status)));
	else
		log_error("worker %u (pid %d) ended with status %d: its flows are lost, another "
			  "takes "
			  "its place",
			  worker->index, worker->pid, WEXITSTATUS(status));
}

static bool has_process(const struct crew_worker *worker)
{
	return worker->state == CREW_STARTING || worker->state == CREW_RUNNING;
}

static unsigned count_left(const struct crew *crew)
{
	unsigned left = 0;

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		left += has_process(&crew->worker[i]);
	return left;
}

static void on_dismissed_end(struct crew_worker *worker)
{
	worker->state = CREW_GONE;
	if (count_left(worker->crew) == 0)
		worker->crew->on_gone(worker->crew);
}

static uint64_t flows_of(const struct crew_worker *worker)
{
	const struct board_counters *counters = &worker->crew->board->worker[worker->index];

	return shared64_get(&counters->flows_started) - shared64_get(&counters->flows_ended);
}

static void on_left(struct crew_worker *worker)
{
	struct crew *crew = worker->crew;

	if (worker->had_flows)
		log_warning("worker %u (pid %d), which was leaving, ended before its flows",
			    worker->index, worker->pid);
	worker->state = CREW_GONE;
	if (!crew_has_leaving(crew))
		crew->on_left(crew);
}

static void on_end(struct crew_worker *worker, int status)
{
	struct crew *crew = worker->crew;
	uint64_t lived_ms = clock_ms() - worker->started_ms;

	hear_last_words(worker);
	loop_close(crew->loop, &worker->channel);
	worker->had_flows = flows_of(worker) > 0;
	settle_counters(&crew->board->worker[worker->index]);
	if (crew->is_dismissed) {
		on_dismissed_end(worker);
		return;
	}
	if (worker->duty == CREW_LEAVING) {
		on_left(worker);
		return;
	}
	if (worker->duty == CREW_STANDING_BY) {
		worker->state = CREW_GONE;
		crew_send_home(crew);
		crew->on_standing_by(crew, false);
		return;
	}
	if (!worker->was_ready) {
		worker->state = CREW_GONE;
		crew->on_failed(crew);
		return;
	}
	log_end(worker, status);
	worker->state = CREW_ABSENT;
	if (lived_ms >= RESTART_MS)
		start_again(worker);
	else
		timer_arm(&crew->loop->timers, &worker->restart, clock_ms() + RESTART_MS);
}

static struct crew_worker *find_worker(struct crew *crew, pid_t pid)
{
	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		if (crew->worker[i].state != CREW_GONE && crew->worker[i].pid == pid)
			return &crew->worker[i];
	return NULL;
}

void crew_reap(struct crew *crew)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		struct crew_worker *worker = find_worker(crew, pid);

		if (worker)
			on_end(worker, status);
	}
}

/* Whether it can be told something that is more than to leave. */
static bool is_there(const struct crew_worker *worker)
{
	return worker->state != CREW_GONE && worker->channel.fd >= 0 && !worker->is_stranger;
}

unsigned crew_hand_over(const struct crew *crew, struct crew_veteran out[static BOARD_WORKERS_MAX])
{
	unsigned n = 0;

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++) {
		const struct crew_worker *worker = &crew->worker[i];

		if (has_process(worker) && worker->channel.fd >= 0)
			out[n++] = (struct crew_veteran){worker->index, worker->pid,
							 worker->channel.fd, worker->knows_routers,
							 worker->is_stranger};
	}
	return n;
}

void crew_kill_unreachable(const struct crew *crew)
{
	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		if (has_process(&crew->worker[i]) && crew->worker[i].channel.fd < 0)
			kill(crew->worker[i].pid, SIGKILL);
}

int crew_adopt(struct crew *crew, const struct crew_veteran *veteran)
{
	struct crew_worker *worker = &crew->worker[veteran->index];

	*worker = (struct crew_worker){
		.crew = crew,
		.index = veteran->index,
		.duty = CREW_LEAVING,
		.knows_routers = veteran->knows_routers,
		.state = CREW_RUNNING,
		.was_ready = true,
		.is_stranger = veteran->is_stranger,
		.pid = veteran->pid,
		.started_ms = clock_ms(),
		.channel = {.fd = -1, .on_event = on_channel},
	};
	timer_init(&worker->restart, on_restart);
	return loop_watch_messages(crew->loop, &worker->channel, veteran->channel_fd);
}

static void drain(struct crew *crew, bool only_leaving)
{
	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++) {
		const struct crew_worker *worker = &crew->worker[i];

		if (worker->state != CREW_GONE && worker->channel.fd >= 0 &&
		    (worker->duty == CREW_LEAVING || !only_leaving))
			channel_send_drain(worker->channel.fd);
	}
}

void crew_drain_leaving(struct crew *crew)
{
	drain(crew, true);
}

void crew_tell_peer_gone(struct crew *crew, uint8_t router, uint64_t gone_ms)
{
	const struct message message = {
		.type = MESSAGE_PEER_GONE, .router = router, .gone_ms = gone_ms};

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		if (is_there(&crew->worker[i]) && crew->worker[i].knows_routers)
			channel_send(crew->worker[i].channel.fd, &message);
}

void crew_dismiss(struct crew *crew)
{
	crew->is_dismissed = true;
	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		if (crew->worker[i].state != CREW_GONE)
			timer_cancel(&crew->loop->timers, &crew->worker[i].restart);
	drain(crew, false);
	if (count_left(crew) == 0)
		crew->on_gone(crew);
}

void crew_kill(struct crew *crew)
{
	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		if (has_process(&crew->worker[i]))
			kill(crew->worker[i].pid, SIGKILL);
}

uint64_t crew_flows(const struct crew *crew)
{
	uint64_t flows = 0;

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		if (crew->worker[i].state != CREW_GONE)
			flows += flows_of(&crew->worker[i]);
	return flows;
}
