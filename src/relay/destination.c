/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state RESOLVE of a flow on the server: its destination is a name, and addresses are found. */
#include "relay/destination.h"

#include "conf/syntax.h"
#include "relay/access.h"
#include "relay/dial.h"
#include "relay/eyeballs.h"
#include "relay/lookup.h"
#include "shadowsocks/greeting.h"

#include <stdio.h>
#include <stdlib.h>

/*
 * Theory of operation. What a name needs is here and not in the flow, since most of a flow's life
 * is without it. Each address is checked as one that a header names: a name that leads to a refused
 * address gets nobody further than the address itself. Those that pass are tried in the order of
 * eyeballs.c; the second family may answer while the first is being dialed.
 *
 * Answers may come while the question is being put, so they only put a task. That one also frees a
 * destination whose flow has let go of it.
 */

#define DEADLINE_MS 10000

struct destination {
	struct flow *flow; /* NULL: it has let go */
	struct task task;
	struct timer timer; /* the moment that IPv4 waits for IPv6 */
	struct query query[EYEBALLS_FAMILIES];
	struct eyeballs eyeballs;
	uint64_t attempt_ms; /* when the last one began */
	uint16_t port;
	const char *failure; /* of a query; NULL: none has failed */
	const char *refusal; /* why `refused` was; NULL: none was */
	struct address refused;
	char name[TARGET_NAME_MAX + 1];
};

static void add_addresses(struct destination *destination, const struct address *addresses,
			  unsigned n)
{
	struct relay *relay = destination->flow->relay;

	for (unsigned i = 0; i < n; i++) {
		struct address address = addresses[i];
		const char *refusal;

		address.port = destination->port;
		refusal = access_refuses_target(relay->conf, relay_table(relay), &address);
		if (refusal) {
			destination->refusal = refusal;
			destination->refused = address;
		} else {
			eyeballs_add(&destination->eyeballs, &address);
		}
	}
}

static void on_answer(struct destination *destination, enum eyeballs_family family,
		      const struct lookup_answer *answer)
{
	if (answer->failure)
		destination->failure = answer->failure;
	add_addresses(destination, answer->address, answer->n);
	eyeballs_answered(&destination->eyeballs, family, destination->flow->relay->loop->now_ms);
	loop_put(destination->flow->relay->loop, &destination->task);
}

static void on_ipv6_answer(struct query *query, const struct lookup_answer *answer)
{
	on_answer(container_of(query, struct destination, query[EYEBALLS_IPV6]), EYEBALLS_IPV6,
		  answer);
}

static void on_ipv4_answer(struct query *query, const struct lookup_answer *answer)
{
	on_answer(container_of(query, struct destination, query[EYEBALLS_IPV4]), EYEBALLS_IPV4,
		  answer);
}

static void fail(struct flow *flow, const char *why)
{
	char text[TARGET_TEXT_BYTES];

	relay_notice(flow->relay, NOTICE_LOOKUP, "no address found for %s: %s",
		     destination_format(flow, text), why);
	flow_abort(flow);
}

/* There is nothing to try, and nothing more will come. */
static void give_up(struct flow *flow)
{
	const struct destination *destination = flow->destination;
	char text[TARGET_TEXT_BYTES], ip[ADDRESS_TEXT_BYTES];

	if (!destination->refusal) {
		fail(flow, destination->failure ? destination->failure : "there is none");
		return;
	}
	relay_notice(flow->relay, NOTICE_TARGET_REFUSED,
		     "refused a connection to %s: its address is %s: %s",
		     destination_format(flow, text), address_format_ip(&destination->refused, ip),
		     destination->refusal);
	flow_abort(flow);
}

static void go_on(struct destination *destination)
{
	struct flow *flow = destination->flow;
	struct loop *loop = flow->relay->loop;
	uint64_t begin_ms = eyeballs_begin_ms(&destination->eyeballs);

	if (flow->state == FLOW_DIAL)
		dial_more(flow);
	else if (begin_ms <= loop->now_ms)
		dial_start(flow);
	else if (begin_ms != UINT64_MAX)
		timer_arm(&loop->timers, &destination->timer, begin_ms);
	else if (eyeballs_is_complete(&destination->eyeballs))
		give_up(flow);
}

static void on_task(struct task *task)
{
	struct destination *destination = container_of(task, struct destination, task);

	if (destination->flow)
		go_on(destination);
	else
		free(destination);
}

static void on_timer(struct timer *timer)
{
	struct destination *destination = container_of(timer, struct destination, timer);

	if (destination->flow->state == FLOW_RESOLVE)
		go_on(destination);
}

static void init(struct destination *destination, struct flow *flow, const struct target *target)
{
	destination->flow = flow;
	destination->port = target->address.port;
	destination->query[EYEBALLS_IPV6].on_answer = on_ipv6_answer;
	destination->query[EYEBALLS_IPV4].on_answer = on_ipv4_answer;
	task_init(&destination->task, on_task);
	timer_init(&destination->timer, on_timer);
	snprintf(destination->name, sizeof(destination->name), "%s", target->name);
}

static void take_from_hosts(struct destination *destination, const struct address *addresses,
			    unsigned n)
{
	struct loop *loop = destination->flow->relay->loop;

	add_addresses(destination, addresses, n);
	for (unsigned family = 0; family < EYEBALLS_FAMILIES; family++)
		eyeballs_answered(&destination->eyeballs, family, loop->now_ms);
	loop_put(loop, &destination->task);
}

/* NULL, or why it cannot be looked up. */
static const char *look_up(struct destination *destination)
{
	struct lookups *lookups = destination->flow->relay->lookups;
	struct address address[2 * EYEBALLS_PER_FAMILY];
	unsigned n;

	if (greeting_has_domain(destination->name))
		return "a greeting that this version does not know";
	if (!syntax_is_host_name(destination->name))
		return "not the name of a host";
	n = lookup_in_hosts(lookups, destination->name, address, 2 * EYEBALLS_PER_FAMILY);
	if (n > 0)
		take_from_hosts(destination, address, n);
	else if (!lookup_ask(lookups, &destination->query[EYEBALLS_IPV6], destination->name,
			     AF_INET6) ||
		 !lookup_ask(lookups, &destination->query[EYEBALLS_IPV4], destination->name,
			     AF_INET))
		return "too many names are being looked up";
	return NULL;
}

void destination_start(struct flow *flow, const struct target *target)
{
	struct destination *destination = calloc(1, sizeof(*destination));
	const char *problem;

	if (!destination) {
		flow_abort(flow);
		return;
	}
	init(destination, flow, target);
	flow->destination = destination;
	flow_set_state(flow, FLOW_RESOLVE, DEADLINE_MS);
	problem = look_up(destination);
	if (problem)
		fail(flow, problem);
}

void destination_step(struct flow *flow, enum flow_side side, uint32_t events)
{
	(void)side;
	if (events & EPOLLERR)
		flow_abort(flow);
}

void destination_on_timer(struct flow *flow)
{
	fail(flow, "the name servers did not answer in time");
}

const struct address *destination_next(struct flow *flow)
{
	flow->destination->attempt_ms = flow->relay->loop->now_ms;
	return eyeballs_next(&flow->destination->eyeballs);
}

uint64_t destination_next_ms(const struct flow *flow)
{
	if (!eyeballs_has_next(&flow->destination->eyeballs))
		return UINT64_MAX;
	return flow->destination->attempt_ms + EYEBALLS_ATTEMPT_MS;
}

bool destination_awaits_more(const struct flow *flow)
{
	return !eyeballs_is_complete(&flow->destination->eyeballs);
}

const char *destination_format(const struct flow *flow, char buf[static TARGET_TEXT_BYTES])
{
	const struct destination *destination = flow->destination;

	if (destination)
		snprintf(buf, TARGET_TEXT_BYTES, "%s:%u", destination->name, destination->port);
	else
		address_format(&flow->target, buf);
	return buf;
}

void destination_leave(struct flow *flow)
{
	struct destination *destination = flow->destination;
	struct loop *loop = flow->relay->loop;

	if (!destination)
		return;
	flow->destination = NULL;
	destination->flow = NULL;
	timer_cancel(&loop->timers, &destination->timer);
	for (unsigned family = 0; family < EYEBALLS_FAMILIES; family++)
		lookup_drop(&destination->query[family]);
	loop_put(loop, &destination->task);
}
