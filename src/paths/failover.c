/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Failover: what a client does about the health of its paths. */
#include "paths/failover.h"

#include "base/log.h"
#include "kernel/socket.h"
#include "paths/lookout.h"
#include "paths/retreat.h"

/*
 * Theory of operation. The monitors tell of each change, and flows of what they miss; here is
 * decided what follows. Running connections leave a path that goes down, and come back to it:
 * retreat.c. What flows measure is shown to the guard: lookout.c. That a path is a backup, by its
 * role, by the guard or since it is left to others, is a flag of its endpoint (MP_PRIO), and
 * changes running connections, too.
 *
 * Of several far routers, election.c says which one new connections go to: each change of a path's
 * health asks it, and the time when it may go back. Nothing of that touches connections that run.
 */

#define LOOK_MS	       250u
#define LOOK_IDLE_MS   1000u
#define LINGER_MS      4000u /* less than ELECTION_TRIAL_MS */
#define MARK_PAUSE_MS  1000u
#define ROLE_MS	       1100u /* a server does not announce an address twice within a second */
#define RENEW_FIRST_MS 2000u
#define RENEW_MOST_MS  600000u

/* ---- which far router ---- */

unsigned failover_active(const struct failover *failover)
{
	return failover->election.active;
}

bool failover_is_active(const struct failover *failover, const struct monitor *monitor)
{
	return monitor->router == failover->election.active;
}

static bool is_used_by(const struct board_counters *worker, unsigned router, uint64_t now_ms)
{
	uint64_t left_ms = shared64_get(&worker->left_ms[router]);

	return shared64_get(&worker->flows_to[router]) > 0 ||
	       (left_ms > 0 && now_ms < left_ms + LINGER_MS);
}

bool failover_is_in_use(const struct failover *failover, unsigned router)
{
	const struct board *board = failover->monitors.board;
	bool is_used = failover->conf->n_routers < 2;

	for (unsigned i = 0; board && i < BOARD_WORKERS_MAX && !is_used; i++)
		is_used = is_used_by(&board->worker[i], router, failover->monitors.loop->now_ms);
	return is_used;
}

static const char *name_of(const struct failover *failover, unsigned router,
			   char text[static ADDRESS_TEXT_BYTES])
{
	const struct conf *conf = failover->conf;
	unsigned s = 0;

	while (s + 1 < conf->n_servers && conf->server[s].router != router)
		s++;
	return address_format_ip(&conf->server[s].address, text);
}

static void log_active(const struct failover *failover, unsigned before)
{
	unsigned now = failover_active(failover);
	char text[ADDRESS_TEXT_BYTES];

	if (now < before)
		log_info("using far router %u (%s): a path to it has worked for %u s", now + 1,
			 name_of(failover, now, text), ELECTION_TRIAL_MS / 1000);
	else
		log_warning("using far router %u (%s): no path to far router %u works", now + 1,
			    name_of(failover, now, text), before + 1);
}

/* Whether a path carries; one that is new has no monitor yet, and has to answer first. */
static bool is_path_carrying(struct failover *failover, const struct path *path)
{
	const struct monitor *monitor = monitors_find(&failover->monitors, path);

	return monitor ? health_is_carrying(monitor->health.state) : !failover->monitors.is_late;
}

static void rearm(struct failover *failover)
{
	struct timer_wheel *timers = &failover->monitors.loop->timers;
	uint64_t due_ms = election_due_ms(&failover->election);

	if (due_ms == UINT64_MAX)
		timer_cancel(timers, &failover->again);
	else
		timer_arm(timers, &failover->again, due_ms);
}

/* Whether another router is the active one now. */
static bool elect(struct failover *failover, const struct paths *paths)
{
	struct loop *loop = failover->monitors.loop;
	unsigned before = failover_active(failover);
	bool carries[CONF_SERVERS_MAX] = {0};
	bool has_changed;

	for (unsigned i = 0; i < paths->n; i++)
		if (is_path_carrying(failover, &paths->path[i]))
			carries[paths->path[i].router] = true;
	has_changed = election_judge(&failover->election, carries, failover->conf->n_routers,
				     loop ? loop->now_ms : clock_ms());
	if (loop)
		rearm(failover);
	if (has_changed)
		log_active(failover, before);
	return has_changed;
}

static void on_again(struct timer *timer)
{
	struct failover *failover = container_of(timer, struct failover, again);

	if (elect(failover, failover->paths))
		failover->on_change(failover, true);
}

const struct path *failover_path_of(struct failover *failover, const struct monitor *monitor)
{
	for (unsigned i = 0; i < failover->paths->n && monitor->all; i++)
		if (monitors_find(&failover->monitors, &failover->paths->path[i]) == monitor)
			return &failover->paths->path[i];
	return NULL;
}

/* ---- what monitors say ---- */

static void on_renew(struct monitors *monitors, struct monitor *monitor)
{
	struct failover *failover = container_of(monitors, struct failover, monitors);

	if (retreat_go_on(failover, monitor))
		failover->on_change(failover, true);
}

static void on_path_change(struct monitors *monitors, struct monitor *monitor,
			   enum health_state before)
{
	struct failover *failover = container_of(monitors, struct failover, monitors);
	enum health_state now = health_shown(&monitor->health);
	bool is_other_active = elect(failover, failover->paths);
	/* A carrier may be gone: the kernel tells at once of one in a second, of others late
	 * (net/core/link_watch.c), but says so when it is asked. */
	bool is_urgent = health_is_urgent(&monitor->health);
	bool is_back = !health_is_carrying(before) && health_is_carrying(now);

	if (is_back && monitors_have_other(monitors, monitor))
		retreat_shut(failover, monitor);
	failover->on_change(failover, false);
	if (health_is_carrying(before) && !health_is_carrying(now))
		retreat_lose(failover, monitor);
	if (now == HEALTH_GUARDED && before == HEALTH_UP && monitor->health.is_guarded)
		monitor->aside_ms = failover->monitors.loop->now_ms;
	if (is_back)
		retreat_bring_back(failover, monitor);
	if (health_is_carrying(before) != health_is_carrying(now) ||
	    (before == HEALTH_GUARDED) != (now == HEALTH_GUARDED) || is_other_active || is_urgent)
		failover->on_change(failover, true);
}

/* What runs there has been given its congestion control when it began. */
static void on_courtesy(struct monitors *monitors, struct monitor *monitor, unsigned news)
{
	struct failover *failover = container_of(monitors, struct failover, monitors);

	if (news & COURTESY_RENEW && retreat_has_flows(failover))
		monitor_renew_later(monitor, ROLE_MS);
	if (news & COURTESY_DERIVE)
		failover->on_change(failover, true);
}

static void on_new_instance(struct monitors *monitors, uint8_t router, uint64_t gone_ms)
{
	struct failover *failover = container_of(monitors, struct failover, monitors);

	if (failover->conf->n_routers > 1)
		log_info("far router %u has been started again", router + 1u);
	else
		log_info("the server has been started again");
	failover->on_server_gone(failover, router, gone_ms);
}

/* ---- which paths carry ---- */

/* In this order: those of the first kind of which one works carry, and the others are backups. */
enum kind { KIND_USUAL, KIND_BACKUP, KIND_ASIDE, KIND_NONE };

/* Aside is what is left to others, or would slow the others down: a backup is better than that. */
static enum kind kind_of(const struct path *path, const struct monitor *monitor)
{
	if (monitor && (monitor->health.is_guarded || monitor->health.is_yielding))
		return KIND_ASIDE;
	return path->role == CONF_BACKUP ? KIND_BACKUP : KIND_USUAL;
}

/* What its router, its monitor and the server's word make of a path, whatever the others are. */
static void judge_alone(struct failover *failover, struct path *path, const struct monitor *monitor)
{
	path->is_down = !is_path_carrying(failover, path);
	if (path->role == CONF_PRIMARY && monitor && monitor->courtesy.is_spare_there)
		path->role = CONF_SECONDARY;
	path->is_standby = path->router != failover_active(failover);
	path->is_in_use = failover_is_in_use(failover, path->router);
}

/* The endpoint of the last one stays: with its subflows the connections would die. */
static void spare_last(struct path *path, const struct monitor *monitor, enum kind first)
{
	bool is_last = first == KIND_NONE || (monitor && monitor->is_waiting);

	if (is_last && !path->is_standby)
		path->is_down = false;
}

void failover_judge(struct failover *failover, struct paths *paths)
{
	enum kind kind[BOARD_PATHS_MAX], first[CONF_SERVERS_MAX];

	elect(failover, paths);
	for (unsigned i = 0; i < CONF_SERVERS_MAX; i++)
		first[i] = KIND_NONE;
	for (unsigned i = 0; i < paths->n; i++) {
		struct path *path = &paths->path[i];
		const struct monitor *monitor = monitors_find(&failover->monitors, path);

		judge_alone(failover, path, monitor);
		kind[i] = kind_of(path, monitor);
		if (!path->is_down && kind[i] < first[path->router])
			first[path->router] = kind[i];
	}
	for (unsigned i = 0; i < paths->n; i++) {
		struct path *path = &paths->path[i];

		path->is_backup = kind[i] > first[path->router];
		spare_last(path, monitors_find(&failover->monitors, path), first[path->router]);
	}
}

/* ---- looking ---- */

/* When the last connection to a router has ended, endpoints may go, or become what they should be.
 */
static void look_for_unused(struct failover *failover)
{
	unsigned before = failover->in_use;

	failover->in_use = 0;
	for (unsigned i = 0; i < failover->conf->n_routers; i++)
		if (failover_is_in_use(failover, i))
			failover->in_use |= 1u << i;
	if (before & ~failover->in_use)
		failover->on_change(failover, true);
}

/* Rates mean nothing while no flow moves. */
static void on_look(struct timer *timer)
{
	struct failover *failover = container_of(timer, struct failover, look);
	struct loop *loop = failover->monitors.loop;
	bool is_busy = monitors_are_busy(&failover->monitors);

	look_for_unused(failover);
	if (is_busy)
		lookout_look(failover);
	else
		lookout_rest(failover);
	timer_arm(&loop->timers, timer, loop->now_ms + (is_busy ? LOOK_MS : LOOK_IDLE_MS));
}

/* ---- what flows say ---- */

/* Some connections joined here while the flag of the endpoint was changed: it is told again. */
static void mark_again(struct failover *failover, struct monitor *monitor)
{
	const struct path *path = failover_path_of(failover, monitor);
	uint64_t now_ms = failover->monitors.loop->now_ms;

	if (!failover_is_active(failover, monitor) || now_ms < monitor->marked_ms + MARK_PAUSE_MS ||
	    !path || !path->is_backup)
		return;
	monitor->marked_ms = now_ms;
	log_debug("path %s: told again that it is a backup", monitor->way.interface);
	actor_mark_backup(failover->actor, &monitor->way.local);
}

/*
 * The kernel does not make a subflow again that was reset by somebody between, or timed out
 * (net/mptcp issues 440 and 497 upstream). To make it costs the others on this path theirs for a
 * moment, so where it does not help it is done more and more rarely.
 */
static void make_missing(struct failover *failover, struct monitor *monitor)
{
	uint64_t now_ms = failover->monitors.loop->now_ms;

	if (monitor->health.state != HEALTH_UP || !failover_is_active(failover, monitor) ||
	    now_ms < monitor->renew_ms || now_ms < monitor->health.since_ms + RENEW_FIRST_MS)
		return;
	if (now_ms > monitor->renew_ms + RENEW_MOST_MS)
		monitor->renew_pause_ms = 0;
	monitor->renew_pause_ms =
		monitor->renew_pause_ms ? 2 * monitor->renew_pause_ms : RENEW_FIRST_MS;
	if (monitor->renew_pause_ms > RENEW_MOST_MS)
		monitor->renew_pause_ms = RENEW_MOST_MS;
	monitor->renew_ms = now_ms + monitor->renew_pause_ms;
	log_info("path %s: a connection has lost its subflow there; making it again",
		 monitor->way.interface);
	retreat_prepare(failover, monitor);
}

void failover_doubt(struct failover *failover, uint8_t place, enum doubt doubt)
{
	struct monitor *monitor = monitors_at(&failover->monitors, place);

	if (!monitor)
		return;
	switch (doubt) {
	case DOUBT_SILENT:
	case DOUBT_STUCK:
		monitor_doubt(monitor, doubt);
		break;
	case DOUBT_STRAY:
		mark_again(failover, monitor);
		break;
	case DOUBT_MISSING:
		make_missing(failover, monitor);
		break;
	}
}

/* ---- start and stop ---- */

void failover_start(struct failover *failover, struct actor *actor, const struct paths *paths,
		    struct loop *loop, const struct board *board, uint16_t server_port)
{
	failover->actor = actor;
	failover->paths = paths;
	failover->monitors.on_change = on_path_change;
	failover->monitors.on_renew = on_renew;
	failover->monitors.on_courtesy = on_courtesy;
	failover->monitors.on_new_instance = on_new_instance;
	monitors_start(&failover->monitors, loop, board, server_port);
	failover->buffer_bytes = socket_most_buffered_bytes();
	timer_init(&failover->look, on_look);
	timer_init(&failover->again, on_again);
	timer_arm(&loop->timers, &failover->look, loop->now_ms + LOOK_IDLE_MS);
}

void failover_change(struct failover *failover, const struct conf *conf)
{
	struct monitors *monitors = &failover->monitors;

	failover->conf = conf;
	monitors->server_port = conf->server_port;
	for (unsigned i = 0; i < MONITORS_MAX; i++)
		monitors->monitor[i].way.server.port = conf->server_port;
}

void failover_stop(struct failover *failover)
{
	if (!failover->monitors.loop)
		return;
	timer_cancel(&failover->monitors.loop->timers, &failover->look);
	timer_cancel(&failover->monitors.loop->timers, &failover->again);
	monitors_stop(&failover->monitors);
}
