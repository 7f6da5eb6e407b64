/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence: what the running flows of a client's worker say about the paths. */
#include "relay/evidence.h"

#include "kernel/socket.h"
#include "relay/flow.h"

#include <string.h>

/*
 * Theory of operation. Up to EVIDENCE_FLOWS of the flows that move bytes are witnesses. Every
 * LOOK_MS the kernel is asked about their subflows, and each is compared with what it was before:
 *
 *   bytes acknowledged or received grew    the path works: its time goes onto the board
 *   bytes are in flight, and for longer    stuck: a doubt, unless another flow has heard
 *   than usual none were acknowledged      something over the path meanwhile
 *   a lot came, and then nothing           quiet: a lesser doubt
 *
 * "Usual" is what TCP's own timer takes, without its floor of 200 ms: srtt + 4 rttvar (RFC 6298),
 * and some more. The supervisor decides what a doubt is worth; here nothing is done about it. While
 * no flow moves, nothing is asked.
 */

#define LOOK_MS	     20u
#define REST_MS	     2000u /* without a byte: no witness any more */
#define TERM_MS	     5000u /* others want to be heard, too */
#define USUAL_MIN_MS 80u
#define BUSY_BYTES   (64u << 10)
#define QUIET_MIN_MS 60u

static uint32_t usual_ms(const struct subflow *subflow, uint32_t least_ms)
{
	uint64_t us = (uint64_t)subflow->rtt_us + subflow->rtt_us / 2 + 4ull * subflow->rttvar_us;
	uint32_t ms = (uint32_t)(us / 1000) + 20;

	return ms > least_ms ? ms : least_ms;
}

/* ---- which subflow is on which path ---- */

static const struct board_path *path_of(const struct board_table *table,
					const struct subflow *subflow)
{
	for (uint32_t i = 0; i < table->n_paths; i++)
		if (address_ip_equal(&table->path[i].local, &subflow->local))
			return &table->path[i];
	return NULL;
}

static bool is_same(const struct evidence_subflow *known, const struct subflow *subflow)
{
	return address_equal(&known->local, &subflow->local) &&
	       address_equal(&known->remote, &subflow->remote);
}

/* What is known of the subflow; one that is new begins now. NULL: it is on none of our paths. */
static struct evidence_subflow *recall(struct evidence_witness *witness,
				       const struct board_table *table,
				       const struct subflow *subflow, uint64_t now_ms)
{
	const struct board_path *path = path_of(table, subflow);
	struct evidence_subflow *known;

	for (unsigned i = 0; i < witness->n; i++)
		if (is_same(&witness->subflow[i], subflow))
			return &witness->subflow[i];
	if (!path || witness->n == SUBFLOWS_MAX)
		return NULL;
	known = &witness->subflow[witness->n++];
	*known = (struct evidence_subflow){
		.place = path->place,
		.local = subflow->local,
		.remote = subflow->remote,
		.acked = subflow->bytes_acked,
		.received = subflow->bytes_received,
		.acked_ms = now_ms,
		.received_ms = now_ms,
	};
	return known;
}

/* Forgets those that are no more among the `n`. */
static void forget_closed(struct evidence_witness *witness, const struct subflow *subflow, int n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < witness->n; i++) {
		bool is_there = false;

		for (int j = 0; j < n; j++)
			is_there = is_there || (subflow[j].is_established &&
						is_same(&witness->subflow[i], &subflow[j]));
		if (is_there)
			witness->subflow[kept++] = witness->subflow[i];
	}
	witness->n = kept;
}

/* ---- looking ---- */

static void note_heard(struct relay *relay, uint8_t place)
{
	atomic_store_explicit(&relay->counters->heard_ms[place], relay->loop->now_ms,
			      memory_order_relaxed);
}

static bool has_heard_since(const struct relay *relay, uint8_t place, uint64_t ms)
{
	return atomic_load_explicit(&relay->counters->heard_ms[place], memory_order_relaxed) > ms;
}

static void look_at_sending(struct relay *relay, struct evidence_subflow *known,
			    const struct subflow *subflow)
{
	uint64_t now_ms = relay->loop->now_ms;

	if (subflow->bytes_acked != known->acked)
		note_heard(relay, known->place);
	if (subflow->bytes_acked != known->acked || subflow->unacked == 0) {
		known->acked = subflow->bytes_acked;
		known->acked_ms = now_ms;
	} else if (now_ms - known->acked_ms >= usual_ms(subflow, USUAL_MIN_MS) &&
		   !has_heard_since(relay, known->place, known->acked_ms + LOOK_MS)) {
		relay->on_doubt(relay, known->place, false);
	}
}

static void look_at_receiving(struct relay *relay, struct evidence_subflow *known,
			      const struct subflow *subflow)
{
	uint64_t now_ms = relay->loop->now_ms;

	if (subflow->bytes_received != known->received) {
		note_heard(relay, known->place);
		known->busy_bytes += subflow->bytes_received - known->received;
		known->received = subflow->bytes_received;
		known->received_ms = now_ms;
		known->is_quiet = false;
	} else if (!known->is_quiet && known->busy_bytes >= BUSY_BYTES &&
		   now_ms - known->received_ms >= usual_ms(subflow, QUIET_MIN_MS)) {
		known->is_quiet = true;
		known->busy_bytes = 0;
		if (!has_heard_since(relay, known->place, known->received_ms + LOOK_MS))
			relay->on_doubt(relay, known->place, true);
	}
}

static void look_at(struct relay *relay, struct evidence_witness *witness,
		    const struct board_table *table)
{
	struct subflow subflow[SUBFLOWS_MAX];
	int n = subflow_read(witness->flow->side[WAN].watch.fd, subflow);

	if (n < 0)
		return;
	forget_closed(witness, subflow, n);
	for (int i = 0; i < n; i++) {
		struct evidence_subflow *known =
			subflow[i].is_established
				? recall(witness, table, &subflow[i], relay->loop->now_ms)
				: NULL;

		if (!known)
			continue;
		look_at_sending(relay, known, &subflow[i]);
		look_at_receiving(relay, known, &subflow[i]);
	}
}

/* ---- who is a witness ---- */

static bool is_resting(const struct evidence_witness *witness, uint64_t now_ms)
{
	const struct flow *flow = witness->flow;

	if (flow->state != FLOW_OPEN || flow->side[WAN].watch.fd < 0)
		return true;
	if (socket_unacknowledged_bytes(flow->side[WAN].watch.fd) > 0)
		return false;
	return now_ms >= flow->since_ms + REST_MS;
}

static void dismiss(struct evidence_witness *witness)
{
	witness->flow->is_witness = false;
	witness->flow = NULL;
}

static void on_look(struct timer *timer)
{
	struct evidence *evidence = container_of(timer, struct evidence, look);
	struct relay *relay = evidence->relay;
	const struct board_table *table = relay_table(relay);
	bool has_witness = false;

	for (unsigned i = 0; i < EVIDENCE_FLOWS; i++) {
		struct evidence_witness *witness = &evidence->witness[i];

		if (!witness->flow)
			continue;
		if (is_resting(witness, relay->loop->now_ms)) {
			dismiss(witness);
			continue;
		}
		look_at(relay, witness, table);
		has_witness = true;
	}
	if (has_witness)
		timer_arm(&relay->loop->timers, timer, relay->loop->now_ms + LOOK_MS);
}

/* A free place, or that of a witness whose term is over. NULL: all are taken. */
static struct evidence_witness *find_place(struct evidence *evidence)
{
	uint64_t now_ms = evidence->relay->loop->now_ms;
	struct evidence_witness *over = NULL;

	for (unsigned i = 0; i < EVIDENCE_FLOWS; i++) {
		struct evidence_witness *witness = &evidence->witness[i];

		if (!witness->flow)
			return witness;
		if (now_ms >= witness->since_ms + TERM_MS)
			over = witness;
	}
	if (over)
		dismiss(over);
	return over;
}

void evidence_note(struct evidence *evidence, struct flow *flow)
{
	struct relay *relay = evidence->relay;
	struct evidence_witness *witness;

	if (flow->is_witness || flow->is_direct || relay->conf->role != CONF_CLIENT)
		return;
	witness = find_place(evidence);
	if (!witness)
		return;
	*witness = (struct evidence_witness){.flow = flow, .since_ms = relay->loop->now_ms};
	flow->is_witness = true;
	if (!timer_is_armed(&evidence->look))
		timer_arm(&relay->loop->timers, &evidence->look, relay->loop->now_ms + LOOK_MS);
}

void evidence_forget(struct evidence *evidence, struct flow *flow)
{
	for (unsigned i = 0; i < EVIDENCE_FLOWS && flow->is_witness; i++)
		if (evidence->witness[i].flow == flow)
			dismiss(&evidence->witness[i]);
}

void evidence_init(struct evidence *evidence, struct relay *relay)
{
	memset(evidence, 0, sizeof(*evidence));
	evidence->relay = relay;
	timer_init(&evidence->look, on_look);
}

void evidence_exit(struct evidence *evidence)
{
	timer_cancel(&evidence->relay->loop->timers, &evidence->look);
}
