/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interception: the firewall's table and the routes that take over hosts' connections, or answers
 * to hosts. */
#include "firewall/interception.h"

#include "base/log.h"
#include "firewall/nft.h"
#include "firewall/ruleset.h"
#include "firewall/steering.h"
#include "firewall/upkeep.h"
#include "kernel/claim.h"
#include "kernel/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/*
 * Theory of operation. follow() is all there is: it reads the addresses, works out the text of the
 * table, the rules and the routes, and does the difference. It runs at the start, and when netlink
 * says that something has changed. What somebody else does to the table is undone (upkeep.c).
 *
 * One process of each role in a network namespace may do this: it holds the claim (claim.h). So
 * what is found by the one who gets it, nobody needs.
 */

#define SETTLE_MS     20u /* addresses and routes change in bursts */
#define LOOK_ATTEMPTS 8

/* What differs between the roles. */
static const struct {
	const char *claim, *key, *topic, *deed;
} words[] = {
	[CONF_CLIENT] = {"mpbridge.intercept", "intercept", "interception",
			 "intercept connections"},
	[CONF_SERVER] = {"mpbridge.transparent", "transparent_source", "transparent_source",
			 "show destinations the addresses of hosts"},
};

struct interception {
	struct conf conf;	    /* a copy, without the key: it may be needed for longer */
	struct conf_intercept kept; /* interfaces and output of earlier ones, for flows that run */
	uid_t user;
	enum conf_intercept_mode mode;
	bool has_ipv6;
	bool is_leaving;
	bool was_there; /* what is in the kernel is of the program before */
	bool is_complete;
	int claim_fd;
	struct netlink route;
	struct loop *loop; /* NULL: not started */
	struct watch route_events;
	struct timer check;
	struct upkeep table;
};

/* What follow() has read, and worked out of it. */
struct view {
	struct rt_links links;
	struct rt_addresses addresses;
	struct networks always, nearby;
	struct steering steering;
	char *text;
};

static void view_exit(struct view *view)
{
	array_free(&view->links);
	array_free(&view->addresses);
	array_free(&view->always);
	array_free(&view->nearby);
	steering_exit(&view->steering);
	free(view->text);
	*view = (struct view){0};
}

static int look(struct netlink *route, struct view *view)
{
	int error = -EAGAIN;

	for (int i = 0; i < LOOK_ATTEMPTS && error == -EAGAIN; i++) {
		array_free(&view->links);
		array_free(&view->addresses);
		error = rtnetlink_dump_links(route, &view->links);
		if (!error)
			error = rtnetlink_dump_addresses(route, &view->addresses);
	}
	return error;
}

static int work_out(struct interception *in, struct view *view)
{
	const struct intent intent = {
		.conf = &in->conf,
		.mode = in->mode,
		.has_ipv6 = in->has_ipv6,
		.user = in->user,
		.always = &view->always,
		.nearby = &view->nearby,
		.kept = &in->kept,
		.is_leaving = in->is_leaving,
	};
	int error = look(&in->route, view);

	if (!error)
		error = exempt_always(&in->conf, &view->links, &view->addresses, &view->always);
	if (!error)
		error = exempt_nearby(&view->addresses, &view->nearby);
	if (!error)
		error = steering_build(&intent, &view->steering);
	if (!error)
		view->text = ruleset_text(&intent);
	return !error && !view->text ? -ENOMEM : error;
}

/* ---- following ---- */

static int follow(struct interception *in)
{
	struct view view = {0};
	int error = work_out(in, &view);

	if (!error)
		error = steering_apply(&in->route, &view.steering);
	if (!error)
		error = upkeep_follow(&in->table, view.text);
	view_exit(&view);
	in->is_complete = error == 0;
	return error;
}

static void check_in(struct interception *in, uint32_t delay_ms)
{
	uint64_t due_ms = in->loop->now_ms + delay_ms;

	if (!timer_is_armed(&in->check) || due_ms < in->check.due_ms)
		timer_arm(&in->loop->timers, &in->check, due_ms);
}

static void on_check(struct timer *timer)
{
	struct interception *in = container_of(timer, struct interception, check);
	int error = follow(in);

	if (error == 0)
		return;
	log_warning("%s is not complete: %s; trying again", words[in->conf.role].topic,
		    strerror(-error));
	check_in(in, UPKEEP_RETRY_MS);
}

static void on_table_touched(struct upkeep *table, uint32_t delay_ms)
{
	check_in(container_of(table, struct interception, table), delay_ms);
}

static void on_route_events(struct watch *watch, uint32_t events)
{
	struct interception *in = container_of(watch, struct interception, route_events);

	(void)events;
	if (rtnetlink_read_events(watch->fd, steering_has_table) != 0)
		check_in(in, SETTLE_MS);
}

/* ---- what flows need that an earlier configuration took over ---- */

/* More than there is room for is forgotten. */
static void join_needed(struct conf_intercept *needed, const struct conf_intercept *more)
{
	for (unsigned i = 0; i < more->n_interfaces; i++)
		if (!conf_intercepts(needed, more->interface[i].name) &&
		    needed->n_interfaces < CONF_INTERFACES_MAX)
			needed->interface[needed->n_interfaces++] = more->interface[i];
	needed->local_output = needed->local_output || more->local_output;
}

/* What the configuration at hand does by itself. */
static void drop_known(struct conf_intercept *needed, const struct conf_intercept *conf)
{
	unsigned n = 0;

	for (unsigned i = 0; i < needed->n_interfaces; i++)
		if (!conf_intercepts(conf, needed->interface[i].name))
			needed->interface[n++] = needed->interface[i];
	needed->n_interfaces = n;
	needed->local_output = needed->local_output && !conf->local_output;
}

/* ---- opening and closing ---- */

static void take_conf(struct interception *in, const struct conf *conf)
{
	in->conf = *conf;
	in->conf.key = NULL;
}

/* Both, whatever there is of them. */
static void remove_all(struct netlink *route, enum conf_role role)
{
	const struct steering nothing = {.role = role};

	nft_remove(ruleset_table(role));
	if (steering_apply(route, &nothing) < 0)
		log_warning("rules and routes of %s are left behind", words[role].topic);
}

/* Of a process that was killed, and had it in its configuration. */
static int sweep(enum conf_role role)
{
	struct netlink route = {0};
	int fd = claim_take(words[role].claim);

	if (fd < 0)
		return 0; /* it belongs to a living one */
	if (netlink_open(&route, NETLINK_ROUTE) == 0)
		remove_all(&route, role);
	netlink_close(&route);
	close(fd);
	return 0;
}

static int try_mode(struct interception *in, enum conf_intercept_mode mode,
		    char complaint[static 256])
{
	struct view view = {0};
	int error;

	in->mode = mode;
	complaint[0] = '\0';
	error = work_out(in, &view);
	if (!error)
		error = nft_run(view.text, true, complaint);
	view_exit(&view);
	return error;
}

/* A server has no choice: there is no other means. */
static int choose_mode(struct interception *in)
{
	enum conf_intercept_mode wanted =
		in->conf.role == CONF_SERVER ? CONF_INTERCEPT_TPROXY : in->conf.intercept.mode;
	bool is_auto = wanted == CONF_INTERCEPT_AUTO;
	char complaint[256];
	int error = try_mode(in, is_auto ? CONF_INTERCEPT_TPROXY : wanted, complaint);

	if (is_auto && error == -EINVAL) {
		log_warning("interception by REDIRECT, for TPROXY is not there: %s", complaint);
		error = try_mode(in, CONF_INTERCEPT_REDIRECT, complaint);
	}
	if (error < 0)
		nft_complain(words[in->conf.role].key, error, complaint);
	return error;
}

/* What the configuration asks for, and this end cannot do. */
static void tell_families(const struct interception *in)
{
	bool is_direct = in->conf.on_peer_down_ipv6 == CONF_PEER_DOWN_DIRECT;

	if (in->conf.role == CONF_SERVER)
		return;
	if (in->has_ipv6 && !ruleset_listener(&in->conf, AF_INET6))
		log_warning("IPv6 connections are not bridged, and %s: local_address has no IPv6 "
			    "address, as \"::\"",
			    is_direct ? "go around" : "reset");
	if (!ruleset_listener(&in->conf, AF_INET))
		log_warning("IPv4 connections are not bridged: local_address has no IPv4 address");
}

static int set_up(struct interception *in, int claim_fd)
{
	int error;

	in->claim_fd = claim_fd >= 0 ? claim_fd : upkeep_claim(words[in->conf.role].claim);
	error = in->claim_fd < 0 ? in->claim_fd : 0;
	if (error == -EBUSY)
		log_error("another mpbridge in this network namespace %s already; mpbridge status "
			  "shows it",
			  in->conf.role == CONF_CLIENT ? "intercepts connections"
						       : "has \"transparent_source\"");
	else if (error < 0)
		log_error("cannot %s: %s", words[in->conf.role].deed, strerror(-error));
	if (error == 0)
		error = netlink_open(&in->route, NETLINK_ROUTE);
	if (error == 0)
		error = choose_mode(in);
	if (error == 0)
		tell_families(in);
	return error;
}

static struct interception *allocate(const struct conf *conf, uid_t user)
{
	struct interception *in = calloc(1, sizeof(*in));

	if (!in)
		return NULL;
	take_conf(in, conf);
	in->user = user;
	in->has_ipv6 = socket_has_ipv6();
	in->claim_fd = -1;
	upkeep_init(&in->table, ruleset_table(conf->role), words[conf->role].topic,
		    words[conf->role].key, on_table_touched);
	in->route_events = (struct watch){.fd = -1, .on_event = on_route_events};
	timer_init(&in->check, on_check);
	return in;
}

static int open_interception(struct interception **out, const struct conf *conf, uid_t user,
			     int claim_fd)
{
	struct interception *in = allocate(conf, user);
	int error = in ? set_up(in, claim_fd) : -ENOMEM;

	if (error < 0)
		interception_close(in);
	else
		*out = in;
	return error;
}

int interception_open(struct interception **out, const struct conf *conf, uid_t user)
{
	*out = NULL;
	return conf_has_rules(conf) ? open_interception(out, conf, user, -1) : sweep(conf->role);
}

/* The configuration, as if it had what only flows need that run. */
static void add_needed(struct conf *conf, const struct interception_handover *from)
{
	if (conf->role == CONF_SERVER) {
		conf->transparent_source = true;
		conf->transparent_mark = from->mark;
	} else {
		conf->intercept = from->needed;
		conf->intercept.is_given = true;
		conf->intercept.mode = from->mode;
		conf->intercept.mark = from->mark;
	}
}

int interception_continue(struct interception **out, const struct conf *conf, uid_t user,
			  const struct interception_handover *from)
{
	static struct conf meant; /* too large for a small stack */
	int error;

	if (from->claim_fd < 0)
		return interception_open(out, conf, user);
	*out = NULL;
	meant = *conf;
	if (!conf_has_rules(conf))
		add_needed(&meant, from);
	error = open_interception(out, &meant, user, from->claim_fd);
	if (error < 0)
		return error;
	(*out)->was_there = true;
	(*out)->is_leaving = !conf_has_rules(conf);
	(*out)->kept = from->needed;
	drop_known(&(*out)->kept, &meant.intercept);
	return 0;
}

void interception_hand_over(const struct interception *in, struct interception_handover *out)
{
	*out = (struct interception_handover){.claim_fd = -1};
	if (!in)
		return;
	out->claim_fd = in->claim_fd;
	out->is_leaving = in->is_leaving;
	out->mode = in->mode;
	out->mark =
		in->conf.role == CONF_SERVER ? in->conf.transparent_mark : in->conf.intercept.mark;
	join_needed(&out->needed, &in->conf.intercept);
	join_needed(&out->needed, &in->kept);
}

static int watch_routes(struct interception *in)
{
	int fd = rtnetlink_open_events();
	int error = fd < 0 ? fd : loop_watch_messages(in->loop, &in->route_events, fd);

	if (error < 0 && fd >= 0)
		close(fd);
	return error;
}

int interception_start(struct interception *in, struct loop *loop)
{
	int error;

	in->loop = loop;
	error = upkeep_start(&in->table, loop);
	if (error == 0)
		error = watch_routes(in);
	if (error == 0)
		error = follow(in);
	if (error < 0) {
		log_error("cannot %s: %s", words[in->conf.role].deed, strerror(-error));
		check_in(in, UPKEEP_RETRY_MS);
		return error;
	}
	if (in->is_leaving)
		log_debug("%s: only for flows that run", words[in->conf.role].topic);
	else if (in->conf.role == CONF_SERVER)
		log_info("transparent_source: destinations see the addresses of hosts");
	else
		log_info("interception: connections are taken over by %s",
			 in->mode == CONF_INTERCEPT_TPROXY ? "TPROXY" : "REDIRECT");
	return 0;
}

/* Whether it can be done at all, and in *mode by which means. */
static int find_mode(const struct conf *conf, uid_t user, enum conf_intercept_mode *mode)
{
	struct interception trial = {.user = user, .has_ipv6 = socket_has_ipv6()};
	int error = netlink_open(&trial.route, NETLINK_ROUTE);

	take_conf(&trial, conf);
	if (error == 0)
		error = choose_mode(&trial);
	*mode = trial.mode;
	netlink_close(&trial.route);
	return error;
}

static int check_mode(const struct conf *conf, uid_t user, enum conf_intercept_mode was)
{
	enum conf_intercept_mode mode;
	int error = find_mode(conf, user, &mode);

	if (error == 0 && mode != was) {
		log_error("intercept.mode: another one takes a restart: connections that run have "
			  "been taken over by the one at hand");
		error = -EINVAL;
	}
	return error;
}

int interception_check(const struct interception *in, const struct conf *conf)
{
	return check_mode(conf, in->user, in->mode);
}

int interception_try(const struct conf *conf, uid_t user, const struct interception_handover *from)
{
	enum conf_intercept_mode mode;

	if (!conf_has_rules(conf))
		return 0;
	return from->claim_fd < 0 ? find_mode(conf, user, &mode)
				  : check_mode(conf, user, from->mode);
}

void interception_forget(struct interception *in)
{
	if (!in || (in->kept.n_interfaces == 0 && !in->kept.local_output))
		return;
	in->kept = (struct conf_intercept){0};
	check_in(in, 0);
}

void interception_change(struct interception *in, const struct conf *conf, uid_t user)
{
	join_needed(&in->kept, &in->conf.intercept);
	drop_known(&in->kept, &conf->intercept);
	take_conf(in, conf);
	in->user = user;
	in->is_leaving = false;
	tell_families(in);
	if (follow(in) < 0)
		check_in(in, UPKEEP_RETRY_MS);
}

void interception_leave(struct interception *in)
{
	if (!in || !in->loop || in->is_leaving)
		return;
	in->is_leaving = true;
	if (follow(in) < 0)
		check_in(in, UPKEEP_RETRY_MS);
}

bool interception_is_leaving(const struct interception *in)
{
	return in && in->is_leaving;
}

void interception_close(struct interception *in)
{
	if (!in)
		return;
	if (in->loop) {
		timer_cancel(&in->loop->timers, &in->check);
		loop_close(in->loop, &in->route_events);
	}
	/* what a killed one left is to stay for the next start, if this one has not begun */
	if (in->loop || in->was_there)
		remove_all(&in->route, in->conf.role);
	if (in->claim_fd >= 0)
		close(in->claim_fd);
	netlink_close(&in->route);
	upkeep_exit(&in->table);
	free(in);
}

void interception_report(const struct interception *in, struct interception_report *out)
{
	*out = (struct interception_report){
		.mode = in->mode,
		.is_complete = in->is_complete,
		.n_restored = in->table.n_restored,
	};
}
