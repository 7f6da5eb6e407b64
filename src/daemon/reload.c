/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reloading: another configuration, without losing a flow. */
#include "daemon/reload.h"

#include "base/log.h"
#include "daemon/resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation. First all that can fail because of the configuration is tried, as at the
 * start: it is read and checked, names are looked up, sockets are opened, the firewall is asked,
 * workers are started, which stand by. Until then everything is as it was, and a failure leaves it
 * so. Then it changes over within one turn of the loop: paths, interception, and the workers. New
 * connections wait in the backlog of the listening sockets for that long, which both generations of
 * workers have. The old workers leave: they accept no more, keep their flows, the method and the
 * key that those began with, and end with the last of them.
 *
 * Not changed is what only a start can: the role, going to the background, the mode of an
 * interception that stays. It is said.
 */

static bool has_same_routers(const struct conf *a, const struct conf *b)
{
	char of_a[PARTS_ROUTERS_BYTES], of_b[PARTS_ROUTERS_BYTES];

	parts_describe_routers(a, of_a);
	parts_describe_routers(b, of_b);
	return strcmp(of_a, of_b) == 0;
}

/* What workers do not look at; the key is compared for itself. */
static void forget_own_matters(struct conf *conf)
{
	memset(conf->path, 0, sizeof(conf->path));
	conf->n_paths = 0;
	memset(&conf->congestion, 0, sizeof(conf->congestion));
	memset(&conf->intercept, 0, sizeof(conf->intercept));
	conf->key = NULL;
}

/* Whether flows that run were taken over by something that `next` has not: it is kept for them, and
 * their workers have to be others, so that it is known when the last of these flows has ended. */
static bool does_less(const struct conf *was, const struct conf *next)
{
	const struct conf_intercept *a = &was->intercept, *b = &next->intercept;

	return a->is_given != b->is_given || a->n_interfaces != b->n_interfaces ||
	       a->local_output != b->local_output ||
	       memcmp(a->interface, b->interface, sizeof(a->interface)) != 0;
}

/* Whether workers have to be others. It may say so of configurations that mean the same, which
 * differ in what no member has. */
static bool concerns_workers(const struct conf *a, const struct conf *b)
{
	static struct conf left, right; /* too large for a small stack */
	const uint8_t *left_bytes = (const uint8_t *)&left, *right_bytes = (const uint8_t *)&right;

	left = *a;
	right = *b;
	forget_own_matters(&left);
	forget_own_matters(&right);
	return does_less(a, b) || memcmp(left_bytes, right_bytes, sizeof(left)) != 0 ||
	       !conf_has_same_key(a, b) || conf_is_transparent(a) != conf_is_transparent(b);
}

/* What has watches is not freed while the loop hands out events. */
static void on_tidy(struct task *task)
{
	struct reload *reload = container_of(task, struct reload, tidy);

	naming_close(reload->naming_done);
	reload->naming_done = NULL;
	if (!reload->has_left)
		return;
	reload->has_left = false;
	interception_close(reload->parts->leaving);
	reload->parts->leaving = NULL;
}

void reload_init(struct reload *reload, struct parts *parts)
{
	reload->parts = parts;
	task_init(&reload->tidy, on_tidy);
}

static void drop(struct reload *reload)
{
	if (!reload->conf)
		return;
	sockets_close_but(&reload->sockets, &reload->parts->sockets);
	naming_close(reload->naming);
	reload->naming = NULL;
	marking_keep(reload->parts->marking);
	interception_close(reload->fresh);
	reload->fresh = NULL;
	conf_exit(reload->conf);
	free(reload->conf);
	reload->conf = NULL;
}

static int read_conf(struct reload *reload, struct messages *errors, struct messages *notes)
{
	int error;

	reload->conf = calloc(1, sizeof(*reload->conf));
	if (!reload->conf)
		return -ENOMEM;
	error = conf_source_read(reload->parts->source, reload->conf, errors, notes);
	if (error < 0) {
		free(reload->conf);
		reload->conf = NULL;
	}
	return error;
}

static struct interception *present(const struct reload *reload)
{
	return reload->parts->interception ? reload->parts->interception : reload->parts->leaving;
}

static int prepare_interception(struct reload *reload)
{
	const struct conf *conf = reload->conf;

	if (!conf_has_rules(conf))
		return 0;
	if (present(reload))
		return interception_check(present(reload), conf);
	return interception_open(&reload->fresh, conf, reload->user.uid);
}

/* Where the log goes depends on it, and where the process is. */
static void keep_background(const struct conf *was, struct conf *conf)
{
	if (strcmp(was->pid_file, conf->pid_file) == 0)
		return;
	log_warning("pid_file: another one, or none, takes a restart");
	memcpy(conf->pid_file, was->pid_file, sizeof(conf->pid_file));
}

/* Each has logged why it failed. */
static int prepare(struct reload *reload)
{
	struct parts *parts = reload->parts;
	struct conf *conf = reload->conf;
	unsigned n_workers = parts_count_workers(conf);
	int error = privilege_find_user(conf->user, &reload->user);

	keep_background(parts->conf, conf);
	if (error == 0 && !crew_has_room(&parts->crew, n_workers))
		error = -EBUSY;
	if (error == 0)
		error = resolve_servers(conf, &reload->user);
	if (error == 0)
		error = manager_check(parts->manager, conf);
	if (error == 0)
		error = prepare_interception(reload);
	if (error == 0)
		error = marking_check(parts->marking, conf);
	if (error == 0)
		error = sockets_change(&reload->sockets, &parts->sockets, conf, n_workers);
	if (error == 0 && conf->role == CONF_SERVER)
		error = naming_open(&reload->naming, conf);
	if (error == 0)
		error = parts_prepare_salts(parts, conf, crew_places_with(&parts->crew, n_workers),
					    NULL);
	return error;
}

static int start_workers(struct reload *reload)
{
	struct parts *parts = reload->parts;
	const struct crew_outfit next = {
		.conf = reload->conf,
		.sockets = &reload->sockets,
		.user = &reload->user,
		.salts = &parts->salts,
		.directory = naming_directory(reload->naming),
		.n_workers = parts_count_workers(reload->conf),
	};

	return crew_change(&parts->crew, &next);
}

static void change_interception(struct reload *reload)
{
	struct parts *parts = reload->parts;

	if (!conf_has_rules(reload->conf)) {
		if (!parts->interception)
			return;
		/* flows that it has taken over need it until they end */
		interception_leave(parts->interception);
		parts->leaving = parts->interception;
		parts->interception = NULL;
	} else if (reload->fresh) {
		parts->interception = reload->fresh;
		reload->fresh = NULL;
		interception_start(parts->interception, &parts->loop);
	} else {
		parts->interception = present(reload);
		parts->leaving = NULL;
		interception_change(parts->interception, reload->conf, reload->user.uid);
	}
}

/* What the workers at hand use stays; with others it is theirs. */
static void change_workers(struct reload *reload, bool is_same)
{
	struct parts *parts = reload->parts;
	struct sockets sockets_were = parts->sockets;
	struct naming *naming_was = parts->naming;

	parts->sockets = reload->sockets;
	parts->naming = reload->naming;
	reload->naming = NULL;
	naming_follow(parts->naming, &parts->loop);
	crew_take_over(&parts->crew, is_same);
	parts->crew.outfit.sockets = &parts->sockets;
	parts->crew.outfit.user = &parts->user;
	sockets_close_but(&sockets_were, &parts->sockets);
	reload->naming_done = naming_was;
	loop_put(&parts->loop, &reload->tidy);
	if (!crew_has_leaving(&parts->crew))
		reload_on_left(reload);
}

static void keep_workers(struct reload *reload)
{
	struct parts *parts = reload->parts;

	parts->crew.outfit.conf = parts->conf;
	naming_change(parts->naming, parts->conf);
	sockets_close_but(&reload->sockets, &parts->sockets);
	naming_close(reload->naming);
	reload->naming = NULL;
}

static void change_over(struct reload *reload, bool has_workers)
{
	struct parts *parts = reload->parts;
	struct conf *conf_was = parts->conf;
	bool is_same = has_same_routers(conf_was, reload->conf);

	manager_change(parts->manager, reload->conf);
	change_interception(reload);
	marking_change(parts->marking, reload->conf);
	parts->conf = reload->conf;
	parts->user = reload->user;
	reload->conf = NULL;
	if (has_workers)
		change_workers(reload, is_same);
	else
		keep_workers(reload);
	conf_exit(conf_was);
	free(conf_was);
	log_set_level(parts->conf->is_verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
}

int reload_begin(struct reload *reload, struct messages *errors, struct messages *notes)
{
	int error;

	error = read_conf(reload, errors, notes);
	if (error < 0 && errors->count == 0)
		messages_add(errors, "no memory");
	if (error < 0)
		return error;
	error = prepare(reload);
	if (error == 0 && !concerns_workers(reload->parts->conf, reload->conf)) {
		change_over(reload, false);
		log_info("reloaded: the workers go on");
		return 0;
	}
	if (error == 0)
		error = start_workers(reload);
	if (error == 0)
		return 0;
	messages_add(errors, "%s",
		     error == -EBUSY
			     ? "there are no places for more workers: too many are leaving, "
			       "each with flows that began before an earlier reload"
			     : "it cannot be done; the log says why");
	drop(reload);
	return error;
}

void reload_on_standing_by(struct reload *reload, bool is_complete)
{
	const struct crew *crew = &reload->parts->crew;

	if (!reload->conf)
		return;
	if (!is_complete) {
		log_error("reload: a worker could not start; everything stays as it was");
		drop(reload);
		return;
	}
	change_over(reload, true);
	log_info("reloaded: %u worker%s; flows that run stay with those before",
		 crew->outfit.n_workers, crew->outfit.n_workers == 1 ? "" : "s");
}

void reload_give_up(struct reload *reload)
{
	if (!reload->conf)
		return;
	crew_send_home(&reload->parts->crew);
	drop(reload);
}

void reload_on_left(struct reload *reload)
{
	reload->has_left = true;
	interception_forget(reload->parts->interception);
	loop_put(&reload->parts->loop, &reload->tidy);
}

void reload_exit(struct reload *reload)
{
	list_remove(&reload->tidy.node);
	naming_close(reload->naming_done);
	drop(reload);
}
