/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Monitors: a client's watch over its paths, one for each, by greetings and by what flows tell. */
#include "paths/monitor.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

/*
 * Theory of operation. health.c judges, and asking.c knows when to ask; a monitor asks, and tells
 * them what came of that. Greetings overlap, since one that is lost is repeated by TCP only after a
 * second.
 *
 * Workers write to the board when they last heard something over a path; that is read here each
 * time when it matters, and never asked for.
 */

#define DEADLINE_MS   3000u
#define HEARD_MS      500u
#define TRIP_FRESH_MS 500u
#define YIELDS_MS     60000u /* between two lines that the path is left to others */
/* Others may fill a buffer of 200 ms within a moment, and nothing of ours is under way then. */
#define SECONDARY_PATIENCE_MS 350u
#define SUSPECT_MS	      10000u /* between two lines of suspicion, for each path */

/* ---- what is said ---- */

/* A suspicion that comes and goes is told once in a while. What follows from one always is. */
static bool is_worth_a_line(struct monitor *monitor, enum health_state before)
{
	enum health_state now = health_shown(&monitor->health);
	uint32_t left_out;

	if (now == HEALTH_SUSPECT)
		monitor->has_told = log_limit_pass(&monitor->suspicions, monitor->all->loop->now_ms,
						   SUSPECT_MS, &left_out);
	return (now != HEALTH_SUSPECT && before != HEALTH_SUSPECT) || now == HEALTH_DOWN ||
	       monitor->has_told;
}

static void log_state(const struct monitor *monitor)
{
	const struct health *health = &monitor->health;
	const char *reason = health_reason_text(health->reason);
	const char *interface = monitor->way.interface;
	char server[ADDRESS_TEXT_BYTES];

	address_format(&monitor->way.server, server);
	switch (health_shown(health)) {
	case HEALTH_UP:
		log_info("path %s: %s answers", interface, server);
		break;
	case HEALTH_SUSPECT:
		log_info("path %s: suspect: %s (%s)", interface, server, reason);
		break;
	case HEALTH_DOWN:
		if (health->reason == HEALTH_FLAPPING)
			log_info("path %s: %s answers again, but is not used yet (it went down "
				 "%u times lately)",
				 interface, server, health->falls);
		else if (health->reason != HEALTH_NOT_ASKED)
			log_warning("path %s: %s does not answer (%s)", interface, server, reason);
		break;
	case HEALTH_ABSENT: /* the manager says it, with the reason in words */
		break;
	case HEALTH_GUARDED:
		log_info("path %s: %s answers; guarded", interface, server);
		break;
	}
}

static bool is_of_use(enum greeting_kind kind)
{
	return kind == GREETING_USE || kind == GREETING_SPARE;
}

/* Greetings that say that the path is used, and may still be under way, are sent again by TCP when
 * the link is back; but it may be held down then. */
static void take_back_use(struct monitor *monitor)
{
	for (unsigned i = 0; i < MONITOR_KNOCKS; i++) {
		struct knock *knock = &monitor->knock[i];

		if (knock->state == KNOCK_ENDING && is_of_use(knock->kind))
			knock_stop(knock);
	}
}

/* That it is urgent to know more matters to those who begin connections, and is no news otherwise.
 */
static void tell_change(struct monitor *monitor, enum health_state before, bool has_changed)
{
	bool is_urgent = health_is_urgent(&monitor->health);

	if (has_changed && !health_is_carrying(monitor->health.state))
		take_back_use(monitor);
	if (has_changed && is_worth_a_line(monitor, before))
		log_state(monitor);
	if (has_changed || is_urgent != monitor->was_urgent) {
		monitor->was_urgent = is_urgent;
		monitor->all->on_change(monitor->all, monitor, before);
	}
}

/* What is wrong with the server is said when it begins to be. */
static void tell_once(const struct monitor *monitor, bool *was_told, bool is_so, const char *what)
{
	char server[ADDRESS_TEXT_BYTES];

	if (is_so && !*was_told)
		log_warning("path %s: %s %s", monitor->way.interface,
			    address_format(&monitor->way.server, server), what);
	*was_told = is_so;
}

static void tell_unwanted(struct monitor *monitor, bool is_unwanted)
{
	tell_once(monitor, &monitor->is_unwanted, is_unwanted,
		  "answers, but ends the connection: does it let this client in (\"allow\" on the "
		  "server, and what its log says)?");
}

/* A server with another key is silent for as long as it has patience. */
static void tell_unanswered(struct monitor *monitor, bool is_unanswered)
{
	tell_once(monitor, &monitor->is_unanswered, is_unanswered,
		  "takes connections, but does not answer what is said to it: has it the same "
		  "method and key, and the same time? Its log says more");
}

/* ---- evidence ---- */

static uint64_t heard_ms(const struct monitor *monitor)
{
	uint64_t latest = 0;

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++) {
		uint64_t ms =
			shared64_get(&monitor->all->board->worker[i].heard_ms[monitor->place]);

		latest = ms > latest ? ms : latest;
	}
	return latest;
}

/* The round trip of the flow that measured one last; nothing if that is not lately. */
static struct trip trip_of_flows(const struct monitor *monitor, uint64_t now_ms)
{
	uint64_t latest = now_ms > TRIP_FRESH_MS ? now_ms - TRIP_FRESH_MS : 0;
	struct trip trip = {0};

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++) {
		const struct board_trip *of = &monitor->all->board->worker[i].trip[monitor->place];
		uint64_t ms = shared64_get(&of->at_ms);

		if (ms <= latest)
			continue;
		latest = ms;
		trip.rtt_us = (uint32_t)shared64_get(&of->rtt_us);
		trip.rttvar_us = (uint32_t)shared64_get(&of->rttvar_us);
	}
	return trip;
}

/* This router lacks something, or somebody here has ended the connection (ss -K, tcp_abort()). */
static bool is_our_own(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM ||
	       error == -ECONNABORTED;
}

/* ---- asking ---- */

static void ask(struct monitor *monitor, enum greeting_kind kind, const struct address *about)
{
	struct knock *knock = &monitor->knock[monitor->next_knock];

	/* the oldest one: its time is over, or there are newer ones to answer for it */
	knock_stop(knock);
	monitor->next_knock = (monitor->next_knock + 1) % MONITOR_KNOCKS;
	knock_start(knock, &monitor->way, kind, about, DEADLINE_MS);
}

/* What a question says. */
static enum greeting_kind kind_of_question(const struct monitor *monitor)
{
	return health_shown(&monitor->health) == HEALTH_UP ? courtesy_kind(&monitor->courtesy)
							   : GREETING_PROBE;
}

static void ask_now(struct monitor *monitor)
{
	uint64_t now_ms = monitor->all->loop->now_ms;

	asking_done(&monitor->asking, now_ms);
	health_asked(&monitor->health, now_ms);
	ask(monitor, kind_of_question(monitor), NULL);
}

bool monitors_are_busy(const struct monitors *monitors)
{
	const struct board_counters *worker = monitors->board->worker;

	for (unsigned i = 0; i < BOARD_WORKERS_MAX; i++)
		if (monitors->loop->now_ms <
		    shared64_get(&worker[i].moved_ms) + 2 * (uint64_t)ASKING_BUSY_MS)
			return true;
	return false;
}

/* Others are looked out for on a secondary path while flows move. A question is dropped when it is
 * the oldest of MONITOR_KNOCKS. */
static struct asking_view view_of(const struct monitor *monitor)
{
	const struct health *health = &monitor->health;
	bool is_busy = monitors_are_busy(monitor->all);

	return (struct asking_view){
		.is_down = health->state == HEALTH_DOWN,
		.is_urgent = health_is_urgent(health),
		.is_busy = is_busy,
		.is_watched = is_busy && monitor->courtesy.is_secondary,
		.watch_ms = courtesy_ask_ms(&monitor->courtesy, monitor->all->loop->now_ms),
		.has_room = monitor->knock[monitor->next_knock].state == KNOCK_IDLE,
		.proven_ms = health->proven_ms};
}

static uint64_t earliest(uint64_t due_ms, const struct monitor *monitor)
{
	uint64_t courtesy_ms = courtesy_due_ms(&monitor->courtesy);

	if (courtesy_ms < due_ms)
		due_ms = courtesy_ms;
	if (monitor->renew_at_ms && monitor->renew_at_ms < due_ms)
		due_ms = monitor->renew_at_ms;
	if (monitor->open_at_ms && monitor->open_at_ms < due_ms)
		due_ms = monitor->open_at_ms;
	return monitor->asking.look_ms < due_ms ? monitor->asking.look_ms : due_ms;
}

static void rearm(struct monitor *monitor)
{
	struct timer_wheel *timers = &monitor->all->loop->timers;
	uint64_t due_ms = health_due_ms(&monitor->health);

	if (monitor->health.state == HEALTH_ABSENT)
		timer_cancel(timers, &monitor->timer);
	else
		timer_arm(timers, &monitor->timer, earliest(due_ms, monitor));
}

/* ---- courtesy ---- */

static void tell_left(struct monitor *monitor)
{
	uint32_t left_out;

	if (log_limit_pass(&monitor->yields, monitor->all->loop->now_ms, YIELDS_MS, &left_out))
		log_info("path %s: others use the link: it is left to them (%llu times so far)",
			 monitor->way.interface, (unsigned long long)monitor->courtesy.yield.times);
}

/* After whatever may have changed it. */
static void follow_courtesy(struct monitor *monitor, unsigned news)
{
	enum health_state before = health_shown(&monitor->health);
	unsigned concerns_paths = news & (COURTESY_RENEW | COURTESY_DERIVE);
	struct asking_view view;

	if (news & COURTESY_LEFT)
		tell_left(monitor);
	monitor->health.is_yielding = courtesy_is_away(&monitor->courtesy);
	if (health_shown(&monitor->health) != before) {
		log_debug("path %s: %s", monitor->way.interface,
			  monitor->health.is_yielding ? "not used for now" : "used again");
		monitor->all->on_change(monitor->all, monitor, before);
		view = view_of(monitor);
		asking_sooner(&monitor->asking, &view);
	}
	if (concerns_paths)
		monitor->all->on_courtesy(monitor->all, monitor, concerns_paths);
	if (news & COURTESY_ASK) {
		asking_renew(&monitor->asking);
		if (monitor->health.state == HEALTH_UP)
			ask_now(monitor);
	}
}

/* Whether it carries, and leads to the same far router. */
static bool is_beside(const struct monitor *monitor, const struct monitor *other)
{
	return other->all && other != monitor && other->router == monitor->router &&
	       health_is_carrying(other->health.state);
}

bool monitors_have_other(const struct monitors *monitors, const struct monitor *but)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++)
		if (is_beside(but, &monitors->monitor[i]))
			return true;
	return false;
}

/* Another path that is not left itself spares this one. */
static enum yield_need need_of(const struct monitor *monitor)
{
	const struct monitors *all = monitor->all;

	if (!health_is_carrying(monitor->health.state) || !monitors_are_busy(all))
		return YIELD_RESTS;
	for (unsigned i = 0; i < MONITORS_MAX; i++)
		if (is_beside(monitor, &all->monitor[i]) &&
		    !courtesy_is_away(&all->monitor[i].courtesy))
			return YIELD_SPARED;
	return YIELD_NEEDED;
}

static void tick_courtesy(struct monitor *monitor)
{
	uint64_t now_ms = monitor->all->loop->now_ms;

	for (unsigned i = 0; i < MONITOR_KNOCKS; i++)
		if (monitor->knock[i].state == KNOCK_CONNECTING)
			courtesy_waiting(&monitor->courtesy, now_ms, monitor->knock[i].started_ms);
	follow_courtesy(monitor, courtesy_tick(&monitor->courtesy, now_ms, need_of(monitor)));
}

/* What was connected before the server began is gone; that may be long before we hear of it. */
static void note_instance(struct monitors *monitors, const struct monitor *monitor,
			  const struct greeting_answer *answer)
{
	uint64_t *instance = &monitors->instance[monitor->router];
	uint64_t travelled_ms = monitor->health.trip.rtt_us / 1000;
	uint64_t now_ms = monitors->loop->now_ms;
	bool is_other = *instance != 0 && *instance != answer->instance;

	*instance = answer->instance;
	if (!is_other)
		return;
	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		struct monitor *other = &monitors->monitor[i];

		if (other->all && other->router == monitor->router)
			follow_courtesy(other, courtesy_server_began(&other->courtesy));
	}
	if (now_ms > answer->age_ms + travelled_ms)
		monitors->on_new_instance(monitors, monitor->router,
					  now_ms - answer->age_ms - travelled_ms);
}

/* What was put off: the subflows are made anew first, which may shut the path for longer. */
static void do_what_is_due(struct monitor *monitor, uint64_t now_ms)
{
	if (monitor->renew_at_ms && now_ms >= monitor->renew_at_ms) {
		monitor->renew_at_ms = 0;
		monitor->all->on_renew(monitor->all, monitor);
	}
	if (monitor->open_at_ms && now_ms >= monitor->open_at_ms) {
		monitor->open_at_ms = 0;
		monitor->all->on_change(monitor->all, monitor, health_shown(&monitor->health));
	}
}

/* Looks at what has been heard, lets time judge, and asks if it is time to. */
static void look(struct monitor *monitor)
{
	uint64_t now_ms = monitor->all->loop->now_ms;
	enum health_state before = health_shown(&monitor->health);
	bool has_changed = health_heard(&monitor->health, now_ms, heard_ms(monitor));
	struct asking_view view;

	has_changed = health_tick(&monitor->health, now_ms) || has_changed;
	tell_change(monitor, before, has_changed);
	do_what_is_due(monitor, now_ms);
	tick_courtesy(monitor);
	view = view_of(monitor);
	if (asking_look(&monitor->asking, &view, now_ms))
		ask_now(monitor);
	rearm(monitor);
}

static void on_timer(struct timer *timer)
{
	look(container_of(timer, struct monitor, timer));
}

/* ---- answers ---- */

static void on_established(struct knock *knock, uint32_t rtt_us)
{
	struct monitor *monitor = knock->owner;
	enum health_state before = health_shown(&monitor->health);
	uint64_t now_ms = monitor->all->loop->now_ms;
	bool has_changed;

	if (!monitors_have_other(monitor->all, monitor))
		health_release(&monitor->health);
	has_changed = health_answered(&monitor->health, now_ms, rtt_us);
	/* what is said is decided now: the SYN may be from before an outage */
	if (is_of_use(knock->kind))
		knock->kind = kind_of_question(monitor);
	tell_change(monitor, before, has_changed);
	follow_courtesy(monitor, courtesy_heard(&monitor->courtesy, now_ms, rtt_us));
	asking_answered(&monitor->asking, now_ms);
	rearm(monitor);
}

static enum health_reason reason_of(int error)
{
	return error == -ECONNREFUSED ? HEALTH_REFUSED : HEALTH_UNREACHABLE;
}

static void note_answer(struct monitor *monitor, enum greeting_kind kind,
			const struct greeting_answer *answer)
{
	unsigned news =
		courtesy_answered(&monitor->courtesy, monitor->all->loop->now_ms, kind, answer);

	if (kind == GREETING_BACK)
		monitor->back_ms = monitor->all->loop->now_ms;
	follow_courtesy(monitor, news);
	rearm(monitor);
}

/* One that timed out has been judged long before. */
static void on_end(struct knock *knock, bool was_established, int error,
		   struct greeting_answer answer)
{
	struct monitor *monitor = knock->owner;
	enum health_state before = health_shown(&monitor->health);

	if (was_established) {
		tell_unanswered(monitor, error == -ETIMEDOUT);
		tell_unwanted(monitor, error == -ECONNRESET);
		if (answer.instance)
			note_instance(monitor->all, monitor, &answer);
		if (answer.instance || error == 0)
			note_answer(monitor, knock->kind, answer.instance ? &answer : NULL);
	} else if (error != -ETIMEDOUT && !is_our_own(error)) {
		tell_change(monitor, before,
			    health_failed(&monitor->health, monitor->all->loop->now_ms,
					  reason_of(error)));
		rearm(monitor);
	}
}

/* ---- which paths there are ---- */

static bool is_watching(const struct monitor *monitor, const struct path *path)
{
	return monitor->all && strcmp(monitor->way.interface, path->interface) == 0 &&
	       address_ip_equal(&monitor->way.local, &path->local) &&
	       address_ip_equal(&monitor->way.server, &path->server);
}

struct monitor *monitors_find(struct monitors *monitors, const struct path *path)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++)
		if (is_watching(&monitors->monitor[i], path))
			return &monitors->monitor[i];
	return NULL;
}

struct monitor *monitors_at(struct monitors *monitors, uint8_t place)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		struct monitor *monitor = &monitors->monitor[i];

		if (monitor->all && monitor->health.state != HEALTH_ABSENT &&
		    monitor->place == place)
			return monitor;
	}
	return NULL;
}

static void quieten(struct monitor *monitor)
{
	for (unsigned i = 0; i < MONITOR_KNOCKS; i++)
		knock_stop(&monitor->knock[i]);
	timer_cancel(&monitor->all->loop->timers, &monitor->timer);
}

/* A free place, or that of the path that has been away for longest. */
static struct monitor *find_place(struct monitors *monitors)
{
	struct monitor *oldest = NULL;

	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		struct monitor *monitor = &monitors->monitor[i];

		if (!monitor->all)
			return monitor;
		if (monitor->health.state == HEALTH_ABSENT &&
		    (!oldest || monitor->health.since_ms < oldest->health.since_ms))
			oldest = monitor;
	}
	return oldest; /* as many places as paths are left when all that are absent are gone */
}

static struct monitor *add_monitor(struct monitors *monitors, const struct path *path)
{
	struct monitor *monitor = find_place(monitors);

	*monitor = (struct monitor){.all = monitors};
	memcpy(monitor->way.interface, path->interface, IF_NAMESIZE);
	monitor->way.local = path->local;
	monitor->way.server = path->server;
	monitor->way.server.port = monitors->server_port;
	timer_init(&monitor->timer, on_timer);
	health_init(&monitor->health, monitors->loop->now_ms, monitors->is_late);
	for (unsigned i = 0; i < MONITOR_KNOCKS; i++) {
		struct knock *knock = &monitor->knock[i];

		knock_init(knock, monitors->loop, monitors->codec);
		knock->owner = monitor;
		knock->on_established = on_established;
		knock->on_end = on_end;
	}
	return monitor;
}

static void follow_role(struct monitor *monitor, const struct path *path, bool is_new)
{
	bool is_secondary = path->role == CONF_SECONDARY;

	monitor->courtesy.has_scavenger = path->has_scavenger;
	monitor->health.least_ms = is_secondary ? SECONDARY_PATIENCE_MS : 0;
	follow_courtesy(monitor, courtesy_set_role(&monitor->courtesy, is_secondary, is_new));
}

static void follow_path(struct monitors *monitors, const struct path *path, uint8_t place)
{
	struct monitor *monitor = monitors_find(monitors, path);
	bool is_new = !monitor;

	if (is_new)
		monitor = add_monitor(monitors, path);
	monitor->place = place;
	monitor->router = path->router;
	monitor->is_follower = path->endpoint == PATH_ENDPOINT_NAME;
	follow_role(monitor, path, is_new);
	if (!health_returned(&monitor->health, monitors->loop->now_ms) && !is_new)
		return;
	asking_at_once(&monitor->asking, monitors->loop->now_ms);
	look(monitor);
}

static bool is_among(const struct monitor *monitor, const struct paths *paths)
{
	for (unsigned i = 0; i < paths->n; i++)
		if (is_watching(monitor, &paths->path[i]))
			return true;
	return false;
}

void monitors_follow(struct monitors *monitors, const struct paths *paths,
		     const struct monitor_questions *questions)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		struct monitor *monitor = &monitors->monitor[i];
		enum health_state before;

		if (!monitor->all || monitor->health.state == HEALTH_ABSENT ||
		    is_among(monitor, paths))
			continue;
		quieten(monitor);
		before = health_shown(&monitor->health);
		tell_change(monitor, before,
			    health_vanished(
				    &monitor->health, monitors->loop->now_ms,
				    questions->why(questions->context, monitor->way.interface)));
	}
	for (unsigned i = 0; i < paths->n; i++)
		follow_path(monitors, &paths->path[i],
			    questions->place(questions->context, &paths->path[i]));
	monitors->is_late = true;
}

/* ---- the rest ---- */

void monitors_start(struct monitors *monitors, struct loop *loop, const struct board *board,
		    uint16_t server_port)
{
	monitors->loop = loop;
	monitors->board = board;
	monitors->server_port = server_port;
}

void monitor_doubt(struct monitor *monitor, enum doubt doubt)
{
	uint64_t now_ms = monitor->all->loop->now_ms;
	enum health_state before = health_shown(&monitor->health);
	bool was_urgent = health_is_urgent(&monitor->health);
	bool has_changed = health_heard(&monitor->health, now_ms, heard_ms(monitor));

	if (doubt == DOUBT_SILENT && now_ms >= monitor->health.proven_ms + ASKING_VOLLEY_MS) {
		struct trip flows = trip_of_flows(monitor, now_ms);

		health_quieted(&monitor->health, now_ms, &flows);
	}
	/* where others are heard, one that is stuck is its own affair */
	if (doubt == DOUBT_STUCK && now_ms >= heard_ms(monitor) + HEARD_MS)
		has_changed = health_doubted(&monitor->health, now_ms) || has_changed;
	tell_change(monitor, before, has_changed);
	if (health_is_urgent(&monitor->health) && !was_urgent)
		asking_at_once(&monitor->asking, now_ms);
	look(monitor);
}

uint64_t monitor_proven_ms(const struct monitor *monitor)
{
	uint64_t by_flows_ms = heard_ms(monitor);

	return by_flows_ms > monitor->health.proven_ms ? by_flows_ms : monitor->health.proven_ms;
}

void monitor_yield(struct monitor *monitor, uint64_t until_ms)
{
	if (monitor->health.state != HEALTH_UP)
		return;
	follow_courtesy(monitor,
			courtesy_told(&monitor->courtesy, monitor->all->loop->now_ms, until_ms));
	rearm(monitor);
}

void monitor_set_guarded(struct monitor *monitor, bool is_guarded)
{
	enum health_state before = health_shown(&monitor->health);

	if (monitor->health.is_guarded == is_guarded)
		return;
	monitor->health.is_guarded = is_guarded;
	monitor->all->on_change(monitor->all, monitor, before);
}

void monitor_say(struct monitor *monitor, enum greeting_kind kind, const struct address *about)
{
	ask(monitor, kind, about);
}

static bool is_about(const struct knock *knock, const struct monitor *monitor)
{
	return knock->kind == GREETING_LOST ? address_equal(&knock->about, &monitor->way.server)
					    : knock->owner == monitor;
}

bool monitor_is_said(const struct monitor *monitor, enum greeting_kind kind)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		const struct monitor *by = &monitor->all->monitor[i];

		for (unsigned j = 0; by->all && j < MONITOR_KNOCKS; j++)
			if (by->knock[j].state != KNOCK_IDLE && by->knock[j].kind == kind &&
			    is_about(&by->knock[j], monitor))
				return true;
	}
	return false;
}

void monitor_renew_later(struct monitor *monitor, uint32_t delay_ms)
{
	monitor->renew_at_ms = monitor->all->loop->now_ms + delay_ms;
	rearm(monitor);
}

void monitor_renew_not(struct monitor *monitor)
{
	monitor->renew_at_ms = 0;
}

void monitor_shut(struct monitor *monitor, uint32_t for_ms)
{
	monitor->open_at_ms = monitor->all->loop->now_ms + for_ms;
	rearm(monitor);
}

bool monitor_is_shut(const struct monitor *monitor)
{
	return monitor->open_at_ms > 0;
}

void monitors_stop(struct monitors *monitors)
{
	for (unsigned i = 0; i < MONITORS_MAX; i++) {
		if (monitors->monitor[i].all)
			quieten(&monitors->monitor[i]);
		monitors->monitor[i].all = NULL;
	}
}
