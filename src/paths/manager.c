/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The path manager: keeps the kernel's rules, routes and MPTCP endpoints as the links need them. */
#include "paths/manager.h"

#include "base/log.h"
#include "paths/absence.h"
#include "paths/actor.h"
#include "paths/audience.h"
#include "paths/congestion.h"
#include "paths/derive.h"
#include "paths/diagnosis.h"
#include "paths/failover.h"
#include "paths/inventory.h"
#include "paths/lease.h"
#include "paths/path_log.h"
#include "paths/plan.h"
#include "paths/publication.h"
#include "paths/subflows.h"
#include "paths/tables.h"
#include "paths/wanted.h"
#include "paths/yielding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Theory of operation. There is one thing that the manager does, follow(): it reads all that the
 * kernel says, derives the paths, works out what the kernel has to hold for them, does the
 * difference, and publishes the paths. It does so at start, and whenever something may have
 * changed: rtnetlink spoke, events were lost, a client was seen at a new address of ours, a path
 * went down. The first of a burst of changes is followed at once, the rest together after a pause.
 * Its own changes make it run once more; the difference is then empty, and that ends it.
 *
 * Deriving and planning are pure (derive.c, wanted.c, plan.c) and hold no state. What the manager
 * remembers is what it cannot read: which slot and which tables are its own, which endpoints it
 * made (in the actor's ledger), and who has been seen where.
 */

#define DELAY_MS 4
#define PAUSE_MS 50
#define RETRY_MS 1000

struct manager {
	const struct conf *conf;
	struct board *board;
	struct loop *loop; /* NULL: not started */
	struct actor actor;
	struct lease lease;
	int events_fd;
	struct watch events;
	struct timer quiet;
	struct snapshot snapshot;
	struct audience audience; /* server */
	struct paths paths;
	struct path_log path_log;
	struct congestion congestion;
	struct yielding yielding;
	bool cannot_close; /* this kernel closes no subflows for us */
	bool had_several;  /* see board_table */
	uint64_t followed_ms;
	struct tables tables;
	struct absences absences;
	struct failover failover;
	struct codec codec; /* of the greetings */
	void (*on_peer_gone)(void *owner, uint8_t router, uint64_t gone_ms);
	void *owner;
};

/* ---- what a client learns of its paths ---- */

static void note_change_at(struct manager *manager, uint64_t due_ms);
static void note_change_after(struct manager *manager, uint32_t delay_ms);
static void publish(struct manager *manager);

static void on_health(struct failover *failover, bool is_new_state)
{
	struct manager *manager = container_of(failover, struct manager, failover);

	publish(manager);
	if (is_new_state)
		note_change_after(manager, 0);
}

static void on_server_gone(struct failover *failover, uint8_t router, uint64_t gone_ms)
{
	struct manager *manager = container_of(failover, struct manager, failover);

	if (manager->on_peer_gone)
		manager->on_peer_gone(manager->owner, router, gone_ms);
}

/* When that is over, everything is derived anew. */
static void set_aside(struct manager *manager)
{
	uint64_t until_ms = yielding_set_aside(&manager->yielding, &manager->actor.ledger.endpoints,
					       &manager->paths);

	if (until_ms)
		note_change_at(manager, until_ms);
}

/* What a client will do once it has heard of it is done at once. */
static void on_spares(struct yielding *yielding)
{
	struct manager *manager = container_of(yielding, struct manager, yielding);
	struct paths before = manager->paths;

	publish(manager);
	set_aside(manager);
	for (unsigned i = 0; i < manager->paths.n; i++)
		if (manager->paths.path[i].is_backup && !before.path[i].is_backup)
			actor_mark_backup(&manager->actor, &manager->paths.path[i].local);
}

static enum health_reason why_absent(void *context, const char *interface)
{
	const struct manager *manager = context;

	return diagnosis_reason(manager->conf, &manager->snapshot, interface);
}

static uint8_t place_of(void *context, const struct path *path)
{
	const struct manager *manager = context;

	return tables_place(&manager->tables, path);
}

/* Once there is a loop. */
static void follow_health(struct manager *manager)
{
	const struct monitor_questions questions = {why_absent, place_of, manager};

	if (manager->loop && manager->conf->role == CONF_CLIENT)
		monitors_follow(&manager->failover.monitors, &manager->paths, &questions);
}

static void publish(struct manager *manager)
{
	const struct publication publication = {
		.conf = manager->conf,
		.snapshot = &manager->snapshot,
		.paths = &manager->paths,
		.tables = &manager->tables,
		.announce = &manager->audience.announce,
		.spares = &manager->audience.spares,
		.monitors = &manager->failover.monitors,
		.had_several = manager->had_several,
	};
	struct board_table table;

	publication_fill(&publication, &table);
	manager->had_several = table.had_several;
	board_publish(manager->board, &table);
}

/* ---- following ---- */

static int program(struct manager *manager)
{
	struct actor *actor = &manager->actor;
	uint32_t tables[BOARD_PATHS_MAX];
	struct wanted wanted = {0};
	struct plan plan = {0};
	int error;

	tables_assign(&manager->tables, &manager->paths, actor->slot, tables);
	actor_forget_missing(actor, &manager->snapshot);
	error = wanted_build(&wanted, manager->conf, &manager->snapshot, &manager->paths,
			     actor->slot, tables);
	if (!error)
		error = plan_make(&plan, &manager->snapshot, &wanted, actor->slot,
				  &actor->ledger.endpoints);
	if (!error)
		error = actor_run(actor, &plan);
	plan_exit(&plan);
	wanted_exit(&wanted);
	return error;
}

static void choose_congestion(struct manager *manager)
{
	struct paths *paths = &manager->paths;

	if (manager->conf->role == CONF_SERVER)
		paths->spares = &manager->audience.spares;
	yielding_prepare(&manager->yielding, paths);
	congestion_choose(&manager->congestion, paths, yielding_congestion(&manager->yielding),
			  manager->conf->congestion.name, clock_ms());
}

/* Reads, decides, acts. 0 or -errno. */
static int update(struct manager *manager)
{
	struct paths before = manager->paths;
	int error;

	store_lock(&manager->actor.store);
	error = actor_look(&manager->actor, &manager->snapshot);
	if (!error) {
		derive_paths(manager->conf, &manager->snapshot, &manager->audience.announce,
			     &manager->paths);
		failover_judge(&manager->failover, &manager->paths);
		choose_congestion(manager);
		set_aside(manager);
		path_log_follow(&manager->path_log, manager->conf, &manager->snapshot, &before,
				&manager->paths);
		error = program(manager);
	}
	store_unlock(&manager->actor.store);
	return error;
}

static int follow(struct manager *manager)
{
	int error = update(manager);

	if (error)
		return error;
	absences_follow(&manager->absences, manager->conf, &manager->paths, clock_ms());
	follow_health(manager);
	publish(manager);
	return 0;
}

static void note_change_at(struct manager *manager, uint64_t due_ms)
{
	if (!timer_is_armed(&manager->quiet) || due_ms < manager->quiet.due_ms)
		timer_arm(&manager->loop->timers, &manager->quiet, due_ms);
}

/*
 * Follows soon: in delay_ms, and not at once again if it has just done so, for changes come in
 * bursts.
 */
static void note_change_after(struct manager *manager, uint32_t delay_ms)
{
	uint64_t due_ms;

	if (!manager->loop)
		return;
	due_ms = manager->loop->now_ms + delay_ms;
	if (delay_ms > 0 && due_ms < manager->followed_ms + PAUSE_MS)
		due_ms = manager->followed_ms + PAUSE_MS;
	note_change_at(manager, due_ms);
}

static void note_change(struct manager *manager)
{
	note_change_after(manager, DELAY_MS);
}

static void on_quiet(struct timer *timer)
{
	struct manager *manager = container_of(timer, struct manager, quiet);
	int error = follow(manager);

	manager->followed_ms = manager->loop->now_ms;
	if (!error)
		return;
	log_warning("cannot follow the changes of the links: %s; trying again", strerror(-error));
	timer_arm(&manager->loop->timers, timer, manager->loop->now_ms + RETRY_MS);
}

static void on_events(struct watch *watch, uint32_t events)
{
	struct manager *manager = container_of(watch, struct manager, events);
	int result = rtnetlink_read_events(watch->fd, snapshot_wants_table);

	(void)events;
	if (result == -ENOBUFS)
		log_info("netlink events were lost; reading everything again");
	else if (result < 0)
		log_warning("cannot read netlink events: %s", strerror(-result));
	if (result != 0)
		note_change(manager);
}

/* ---- opening and closing ---- */

static int open_events(struct manager *manager)
{
	manager->events_fd = rtnetlink_open_events();
	if (manager->events_fd < 0)
		log_error("cannot listen to netlink events: %s", strerror(-manager->events_fd));
	return manager->events_fd < 0 ? manager->events_fd : 0;
}

static int check(const struct conf *conf, const struct snapshot *snapshot)
{
	char reason[DIAGNOSIS_BYTES];
	int error = diagnosis_check(conf, snapshot, reason);

	if (error)
		log_error("%s", reason);
	return error;
}

/* The snapshot at hand is as the last change left it, which is how things are. */
int manager_check(struct manager *manager, const struct conf *conf)
{
	return check(conf, &manager->snapshot);
}

static int complain(int error)
{
	if (error == -EPERM)
		log_error("may not program routes: run as root or with CAP_NET_ADMIN");
	else if (error)
		log_error("cannot program the paths: %s", strerror(-error));
	return error;
}

static int take_lease(struct manager *manager, const struct manager_handover *from)
{
	if (!from)
		return lease_take(&manager->lease, &manager->actor, &manager->snapshot);
	manager->tables = from->tables;
	audience_continue(&manager->audience, &from->audience, clock_ms());
	return lease_continue(&manager->lease, &manager->actor, from->slot, from->slot_fd,
			      from->ledger);
}

static int look(struct manager *manager)
{
	int error;

	store_lock(&manager->actor.store);
	error = actor_look(&manager->actor, &manager->snapshot);
	store_unlock(&manager->actor.store);
	return error;
}

static int set_up(struct manager *manager, const struct manager_handover *from)
{
	int error = actor_open(&manager->actor);

	if (!error)
		error = open_events(manager);
	if (!error)
		error = complain(take_lease(manager, from));
	if (!error && from)
		error = complain(look(manager));
	if (!error)
		error = check(manager->conf, &manager->snapshot);
	if (!error)
		error = complain(follow(manager));
	return error;
}

static void release(struct manager *manager)
{
	failover_stop(&manager->failover);
	yielding_stop(&manager->yielding);
	codec_exit(&manager->codec);
	if (manager->loop) {
		timer_cancel(&manager->loop->timers, &manager->quiet);
		loop_close(manager->loop, &manager->events);
	}
	if (manager->events_fd >= 0)
		close(manager->events_fd);
	snapshot_exit(&manager->snapshot);
	actor_close(&manager->actor);
	free(manager);
}

static struct manager *allocate(const struct conf *conf, struct board *board)
{
	struct manager *manager = calloc(1, sizeof(*manager));

	if (!manager)
		return NULL;
	manager->conf = conf;
	manager->board = board;
	manager->failover.conf = conf;
	manager->yielding.on_change = on_spares;
	manager->yielding.spares = &manager->audience.spares;
	if (conf->role == CONF_CLIENT)
		manager->yielding.monitors = &manager->failover.monitors;
	manager->events_fd = manager->lease.fd = -1;
	manager->events = (struct watch){.fd = -1, .on_event = on_events};
	manager->actor.store = (struct store)STORE_CLOSED;
	timer_init(&manager->quiet, on_quiet);
	return manager;
}

static int open_manager(struct manager **out, const struct conf *conf, struct board *board,
			const struct manager_handover *from)
{
	struct manager *manager = allocate(conf, board);
	int error;

	if (!manager)
		return -ENOMEM;
	error = set_up(manager, from);
	if (error) {
		manager_close(manager);
		return error;
	}
	*out = manager;
	return 0;
}

int manager_open(struct manager **out, const struct conf *conf, struct board *board)
{
	return open_manager(out, conf, board, NULL);
}

int manager_continue(struct manager **out, const struct conf *conf, struct board *board,
		     const struct manager_handover *from)
{
	return open_manager(out, conf, board, from);
}

int manager_hand_over(const struct manager *manager, struct manager_handover *out)
{
	const struct ledger ledger = {manager->actor.ledger.endpoints, manager->actor.limits};
	int length = ledger_format(&ledger, out->ledger, sizeof(out->ledger));

	out->slot = manager->actor.slot;
	out->slot_fd = manager->lease.fd;
	out->tables = manager->tables;
	out->audience = manager->audience;
	return length < 0 ? length : 0;
}

int manager_try(const struct conf *conf, struct paths *out)
{
	struct manager *manager = allocate(conf, NULL);
	int error = manager ? actor_open(&manager->actor) : -ENOMEM;

	if (!error)
		error = complain(look(manager));
	if (!error)
		error = check(conf, &manager->snapshot);
	if (!error && out)
		derive_paths(conf, &manager->snapshot, &manager->audience.announce, out);
	if (manager)
		release(manager);
	return error;
}

int manager_start(struct manager *manager, struct loop *loop)
{
	int error = loop_watch_messages(loop, &manager->events, manager->events_fd);

	if (error) {
		log_error("cannot listen to netlink events: %s", strerror(-error));
		return error;
	}
	manager->events_fd = -1;
	manager->loop = loop;
	error = codec_init(&manager->codec, manager->conf->method, manager->conf->key,
			   manager->conf->role == CONF_SERVER);
	if (error)
		return error;
	manager->failover.monitors.codec = &manager->codec;
	manager->failover.on_change = on_health;
	manager->failover.on_server_gone = on_server_gone;
	failover_start(&manager->failover, &manager->actor, &manager->paths, loop, manager->board,
		       manager->conf->server_port);
	yielding_start(&manager->yielding, loop);
	follow_health(manager);
	publish(manager);
	return 0;
}

void manager_change(struct manager *manager, const struct conf *conf)
{
	int error;

	manager->conf = conf;
	/* the same key, too, lies elsewhere now */
	codec_exit(&manager->codec);
	error = codec_init(&manager->codec, conf->method, conf->key, conf->role == CONF_SERVER);
	if (error)
		log_error("greetings cannot be made: %s", strerror(-error));
	failover_change(&manager->failover, conf);
	manager->absences = (struct absences){0}; /* what is no path any more is not missed */
	on_quiet(&manager->quiet);
}

static void take_step(struct manager *manager, enum announce_step step, const struct address *local)
{
	switch (step) {
	case ANNOUNCE_NOTHING:
		break;
	case ANNOUNCE_FOLLOW:
		/* It may be so new that the snapshot does not have it yet; deriving looks again. */
		note_change_after(manager, 0);
		break;
	case ANNOUNCE_FOLLOW_SOON:
		note_change(manager);
		break;
	case ANNOUNCE_AGAIN:
		if (actor_drop_endpoint(&manager->actor, local) == -ENOENT)
			note_change_after(manager, 0);
		else
			note_change(manager);
		break;
	}
}

void manager_witness(struct manager *manager, const struct address *local)
{
	take_step(manager, audience_witness(&manager->audience, local, clock_ms()), local);
}

void manager_greeted(struct manager *manager, enum greeting_kind kind, const struct address *local,
		     const struct address *about)
{
	take_step(manager,
		  audience_greeted(&manager->audience, kind, local, about, manager->loop->now_ms),
		  local);
}

void manager_doubt(struct manager *manager, uint8_t place, enum doubt doubt)
{
	failover_doubt(&manager->failover, place, doubt);
}

/* A worker may have been taken over: nothing but what is the bridge's own is closed for it. */
void manager_close_subflow(struct manager *manager, const struct address *local,
			   const struct address *remote)
{
	char at[ADDRESS_TEXT_BYTES], to[ADDRESS_TEXT_BYTES];
	int error;

	if (manager->cannot_close)
		return;
	error = subflows_close(manager->conf, local, remote);
	manager->cannot_close = error == -EOPNOTSUPP;
	log_debug("the subflow from %s to %s holds its connection up: %s",
		  address_format(local, at), address_format(remote, to),
		  error ? strerror(-error) : "closed");
}

void manager_on_peer_gone(struct manager *manager,
			  void (*on_peer_gone)(void *owner, uint8_t router, uint64_t gone_ms),
			  void *owner)
{
	manager->on_peer_gone = on_peer_gone;
	manager->owner = owner;
}

void manager_report(struct manager *manager, struct report *report)
{
	const struct inventory inventory = {
		.conf = manager->conf,
		.table = board_current(manager->board),
		.paths = &manager->paths,
		.absences = &manager->absences,
		.snapshot = &manager->snapshot,
		.active = failover_active(&manager->failover),
	};

	inventory_fill(&inventory, report);
	for (unsigned i = 0; i < manager->paths.n; i++) {
		const struct monitor *monitor =
			monitors_find(&manager->failover.monitors, &manager->paths.path[i]);

		yielding_report(&manager->yielding, monitor, &report->path[i]);
		report->path[i].is_unwanted = monitor && monitor->is_unwanted;
		report->path[i].is_unanswered = monitor && monitor->is_unanswered;
	}
}

void manager_close(struct manager *manager)
{
	if (!manager)
		return;
	lease_end(&manager->lease, &manager->actor, &manager->snapshot);
	release(manager);
}
