/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Evidence: what the running flows of a client's worker say about the paths. */
#include "relay/evidence.h"

#include "kernel/socket.h"
#include "relay/flow.h"

#include <errno.h>
#include <string.h>

/*
 * Theory of operation. Up to EVIDENCE_FLOWS of the flows that move bytes are witnesses. Every
 * LOOK_MS the kernel is asked about their subflows, and each is compared with what it was before:
 *
 *   an acknowledgement or data came        the path works: its time goes onto the board. While
 *                                          losses are mended, acknowledgements come that tell of
 *                                          no more bytes than the ones before
 *   bytes are in flight, or a lot came     silence: a doubt
 *   lately, and for longer than usual
 *   nothing comes
 *   bytes are in flight, and none was      stuck: a graver doubt, since greetings may get through
 *   acknowledged for STUCK_MS, while the   where large packets do not. Where nothing gets on, it is
 *   flow gets on elsewhere                 the receiver that does not read
 *
 *   its path is a backup, and it has       stray: it joined while that was being told
 *   a pace all the same
 *   a path that is up has had none of      missing
 *   them for long
 *   it is the only one of its flow         its time goes onto the board
 *
 * "Usual" is a round trip and its variation, as TCP measures them; or, where signs of life have
 * come close together for some seconds, twice the longest time between two of them: over a far link
 * that is much less. A silence is told again and again, for at most DOUBT_MOST_MS. The supervisor
 * decides what it is worth; here nothing is done about it. While no flow moves, nothing is asked.
 */

#define LOOK_MS	      12u
#define REST_MS	      2000u /* without a byte: no witness any more */
#define TERM_MS	      5000u /* others want to be heard, too */
#define SILENT_MIN_MS 30u
#define SLACK_MS      15u
#define GAP_FIRST_US  1000000u
#define GAP_SHARE     64u /* of a gap fades away with each look that finds life */
#define STUCK_MS      1000u
#define DOUBT_MOST_MS 500u
#define TELL_MS	      250u /* between two times that a flow says that it is stuck */
#define BUSY_BYTES    (64u << 10)
#define WINDOW_MS     200u
#define STRAY_RATE    40000u /* bytes per second: more than control and leftovers */
#define MISSING_MS    3000u  /* and MISSING_TRIPS round trips: time for a lost SYN or two */
#define MISSING_TRIPS 8u

/* The longest usual time without a sign of life while there should be one. */
static uint32_t usual_ms(const struct evidence_subflow *known, const struct subflow *subflow)
{
	uint32_t by_trip_us = subflow->rtt_us + 2 * subflow->rttvar_us;
	uint32_t by_gap_us = 2 * known->gap_us;
	uint32_t ms = (by_trip_us < by_gap_us ? by_trip_us : by_gap_us) / 1000 + SLACK_MS;

	return ms > SILENT_MIN_MS ? ms : SILENT_MIN_MS;
}

/* ---- which subflow is on which path ---- */

/*
 * By the local address, and the flow's far router: two routers may be reached from one address, by
 * paths of their own. Of the same router's the server's address decides, and need not fit: a
 * subflow that joins another address of its connection's is on the path nonetheless.
 */
static const struct board_path *path_of(const struct board_table *table, uint8_t router,
					const struct subflow *subflow)
{
	const struct board_path *found = NULL;

	for (uint32_t i = 0; i < table->n_paths; i++) {
		const struct board_path *path = &table->path[i];

		if (path->router != router || !address_ip_equal(&path->local, &subflow->local))
			continue;
		if (address_ip_equal(&path->server, &subflow->remote))
			return path;
		if (!found)
			found = path;
	}
	return found;
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
	const struct board_path *path = path_of(table, witness->flow->router, subflow);
	struct evidence_subflow *known = NULL;

	for (unsigned i = 0; i < witness->n; i++)
		if (is_same(&witness->subflow[i], subflow))
			known = &witness->subflow[i];
	/* its path may be gone, and the place another one's by now */
	if (known)
		return path && path->place == known->place ? known : NULL;
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
		.moved_ms = now_ms,
		.gap_us = GAP_FIRST_US,
		.window_ms = now_ms,
		.window_acked = subflow->bytes_acked,
		.window_received = subflow->bytes_received,
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

static void note_heard(struct relay *relay, uint8_t place, uint64_t heard_ms)
{
	struct shared64 *latest = &relay->counters->heard_ms[place];

	if (heard_ms > shared64_get(latest))
		shared64_set(latest, heard_ms);
}

static void note_gap(struct evidence_subflow *known, uint64_t heard_ms)
{
	uint64_t gap_us = (heard_ms - known->moved_ms) * 1000;

	known->gap_us -= known->gap_us / GAP_SHARE;
	if (gap_us > known->gap_us && gap_us < GAP_FIRST_US)
		known->gap_us = (uint32_t)gap_us;
	known->moved_ms = heard_ms;
}

/* Whether anything has come by the subflow since the last look; what it did is remembered. */
static bool has_moved(struct evidence_subflow *known, const struct subflow *subflow,
		      uint64_t now_ms)
{
	uint64_t heard_ms = now_ms > subflow->quiet_ms ? now_ms - subflow->quiet_ms : 0;
	bool is_alive = heard_ms > known->moved_ms;
	bool has_acked = subflow->bytes_acked != known->acked;
	bool has_received = subflow->bytes_received != known->received;

	if (has_acked || subflow->unacked == 0)
		known->acked_ms = now_ms;
	if (has_acked)
		known->grew_ms = now_ms;
	if (has_received && now_ms - known->moved_ms > DOUBT_MOST_MS)
		known->busy_bytes = 0;
	known->busy_bytes += subflow->bytes_received - known->received;
	known->acked = subflow->bytes_acked;
	known->received = subflow->bytes_received;
	if (is_alive)
		note_gap(known, heard_ms);
	return is_alive;
}

static bool is_backup(const struct board_table *table, uint8_t place)
{
	for (uint32_t i = 0; i < table->n_paths; i++)
		if (table->path[i].place == place)
			return table->path[i].is_backup;
	return false;
}

/* Who only receives sends nothing that could be measured; TCP then has another estimate. */
static void note_trip(struct relay *relay, uint8_t place, const struct subflow *subflow,
		      bool is_sender)
{
	struct board_trip *trip = &relay->counters->trip[place];
	uint32_t rtt_us = is_sender ? subflow->rtt_us : subflow->receive_rtt_us;
	uint32_t rttvar_us = is_sender ? subflow->rttvar_us : 0;

	if (rtt_us == 0)
		return;
	shared64_set(&trip->rtt_us, rtt_us);
	shared64_set(&trip->rttvar_us, rttvar_us);
	shared64_set(&trip->at_ms, relay->loop->now_ms);
}

/*
 * A path that is given little to carry has a low rate, however much it could carry: TCP's own
 * measure counts only the time in which something was under way. Of the last two windows, since a
 * burst may get through at once where the next one does not. A receiver has nothing of the kind.
 */
static void measure_burst(struct board_pace *pace, struct evidence_subflow *known,
			  const struct subflow *subflow, bool has_sent)
{
	uint64_t before = known->burst_rate;

	known->burst_rate = has_sent ? subflow->delivery_rate : 0;
	shared64_set(&pace->burst_rate, known->burst_rate > before ? known->burst_rate : before);
}

/*
 * The higher of the two directions, in windows; a peak fades away by a tenth in a second. It takes
 * two windows to make one: what comes in a burst, when a hole has been filled or a processor was
 * late, is no pace of the path. They need not follow each other, for where another path holds the
 * flow up, this one stands still in between.
 */
static void measure_pace(struct relay *relay, struct evidence_subflow *known,
			 const struct subflow *subflow)
{
	struct board_pace *pace = &relay->counters->pace[known->place];
	uint64_t acked = known->acked - known->window_acked;
	uint64_t received = known->received - known->window_received;
	uint64_t ms = relay->loop->now_ms - known->window_ms;
	uint64_t rate, peak, before;

	if (ms < WINDOW_MS)
		return;
	rate = (acked > received ? acked : received) * 1000 / ms;
	if (rate >= STRAY_RATE && is_backup(&relay->table, known->place))
		relay->on_doubt(relay, known->place, DOUBT_STRAY);
	peak = rate < known->rate ? rate : known->rate;
	before = shared64_get(&pace->rate) / 50 * 49;
	shared64_set(&pace->rate, peak > before ? peak : before);
	shared64_set(&pace->at_ms, relay->loop->now_ms);
	measure_burst(pace, known, subflow, acked > received);
	if (acked > 0)
		shared64_set(&pace->rtt_us, subflow->rtt_us);
	if (acked > 0 || received >= BUSY_BYTES)
		note_trip(relay, known->place, subflow, acked > received);
	known->rate -= known->rate / 10;
	if (rate > known->rate)
		known->rate = rate;
	known->window_ms = relay->loop->now_ms;
	known->window_acked = known->acked;
	known->window_received = known->received;
}

static bool should_move(const struct evidence_subflow *known, const struct subflow *subflow)
{
	return subflow->unacked > 0 || known->busy_bytes >= BUSY_BYTES;
}

static void tell_stuck(struct relay *relay, struct evidence_subflow *known)
{
	if (relay->loop->now_ms < known->told_ms + TELL_MS)
		return;
	known->told_ms = relay->loop->now_ms;
	relay->on_doubt(relay, known->place, DOUBT_STUCK);
}

/* Whether other subflows of the flow have had something acknowledged meanwhile. */
static bool gets_on_elsewhere(const struct evidence_witness *witness,
			      const struct evidence_subflow *but, uint64_t now_ms)
{
	for (unsigned i = 0; i < witness->n; i++) {
		const struct evidence_subflow *other = &witness->subflow[i];

		if (other != but && now_ms < other->grew_ms + STUCK_MS)
			return true;
	}
	return false;
}

static void judge(struct relay *relay, const struct evidence_witness *witness,
		  struct evidence_subflow *known, const struct subflow *subflow)
{
	uint64_t now_ms = relay->loop->now_ms;
	bool is_alive = has_moved(known, subflow, now_ms);
	uint64_t silent_ms;

	measure_pace(relay, known, subflow);
	if (is_alive) {
		note_heard(relay, known->place, known->moved_ms);
		return;
	}
	/* what was sent after a rest has not had its time yet */
	silent_ms = now_ms - known->moved_ms;
	if (subflow->unacked > 0 && known->acked_ms > known->moved_ms)
		silent_ms = now_ms - known->acked_ms;
	if (subflow->unacked > 0 && now_ms - known->acked_ms >= STUCK_MS) {
		if (gets_on_elsewhere(witness, known, now_ms))
			tell_stuck(relay, known);
	} else if (should_move(known, subflow) && silent_ms >= usual_ms(known, subflow) &&
		   silent_ms < usual_ms(known, subflow) + DOUBT_MOST_MS) {
		relay->on_doubt(relay, known->place, DOUBT_SILENT);
	}
}

static void look_for_missing(struct relay *relay, struct evidence_witness *witness,
			     const struct board_table *table)
{
	uint64_t now_ms = relay->loop->now_ms;

	for (unsigned i = 0; i < witness->n; i++)
		witness->seen_ms[witness->subflow[i].place] = now_ms;
	for (uint32_t i = 0; i < table->n_paths; i++) {
		const struct board_path *path = &table->path[i];
		uint64_t *seen_ms = &witness->seen_ms[path->place];

		if (path->router != witness->flow->router)
			continue;
		if (*seen_ms == 0 || path->health == HEALTH_DOWN)
			*seen_ms = now_ms; /* it has its time from now on */
		if (now_ms - *seen_ms >= MISSING_MS + MISSING_TRIPS * (path->rtt_us / 1000)) {
			*seen_ms = now_ms;
			relay->on_doubt(relay, path->place, DOUBT_MISSING);
		}
	}
}

/* Whether the kernel can tell anything of the flow. */
static bool look_at(struct relay *relay, struct evidence_witness *witness,
		    const struct board_table *table)
{
	struct subflow subflow[SUBFLOWS_MAX];
	int n = subflow_read(witness->flow->side[WAN].watch.fd, subflow);

	if (n < 0)
		return n == -EAGAIN;
	forget_closed(witness, subflow, n);
	for (int i = 0; i < n; i++) {
		struct evidence_subflow *known =
			subflow[i].is_established
				? recall(witness, table, &subflow[i], relay->loop->now_ms)
				: NULL;

		if (!known)
			continue;
		judge(relay, witness, known, &subflow[i]);
	}
	if (witness->n == 1)
		shared64_set(&relay->counters->alone_ms[witness->subflow[0].place],
			     relay->loop->now_ms);
	look_for_missing(relay, witness, table);
	return true;
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
		if (look_at(relay, witness, table)) {
			has_witness = true;
		} else {
			witness->flow->is_mute = true;
			dismiss(witness);
		}
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

	if (flow->is_witness || flow->is_mute || flow->is_direct ||
	    relay->conf->role != CONF_CLIENT)
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
