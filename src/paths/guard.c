/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The guard: which paths would make the whole slower than the others are without them. */
#include "paths/guard.h"

/*
 * Theory of operation. A stream is delivered in order, so everything that the other paths carry
 * while one path takes its time has to be held: by the sender, which has to keep what is not
 * acknowledged, and by the receiver. When that is more than their buffers, the others stand still.
 * How long a path takes is its round trip, and what the kernel's scheduler gives it in one go
 * (MPTCP_SEND_BURST_SIZE, net/mptcp/protocol.c) at its rate:
 *
 *   delay = rtt + BURST_BYTES / rate
 *   harm:  delay * rate of the others > buffer
 *
 * Buffers grow with what a connection achieves, so a flow that is held up from its beginning never
 * gets the largest ones. A path that adds little and takes much longer is therefore harm, too:
 *
 *   harm:  rate * LITTLE < rate of the others, and delay > MUCH_LONGER * that of the others
 *
 * Rates are peaks, because the others are slow already when harm is done. They are those of single
 * flows, since each flow has buffers of its own. A path is not slow because it is given little:
 * where the end that sends is this one, its own rate is what it does while it has something to
 * carry.
 *
 *   free     harm -> guarded, if a faster path is left
 *   guarded  no harm (by a margin) for CALM_MS, at the pace that the others have now -> free;
 *            pause_ms over -> free, on trial
 *
 * A trial that ends in harm costs a second of a slow flow, so the pauses between them double; one
 * that lasts for long makes them short again.
 */

#define BURST_BYTES    (64u << 10)
#define LITTLE	       8u
#define MUCH_LONGER    4u
#define LATE_LEAST_US  100000u /* less fits into any buffer that a flow at such rates has */
#define START_TRIPS    8u
#define START_LEAST_MS 200u
#define REST_RISE      16u
#define CALM_PERCENT   60u
#define CALM_MS	       10000u
#define PAUSE_FIRST_MS 60000u
#define PAUSE_MOST_MS  1920000u
#define LASTING_MS     300000u
#define RATE_LEAST     12500u /* bytes per second: less says nothing */

static uint64_t own_rate(const struct guard_input *input)
{
	return input->burst_rate > input->rate ? input->burst_rate : input->rate;
}

static uint64_t delay_us(const struct guard_input *input)
{
	uint64_t us = input->rtt_us;

	if (input->rate >= RATE_LEAST)
		us += BURST_BYTES * 1000000ull / own_rate(input);
	return us;
}

static uint64_t rate_of_others(const struct guard_input *input, unsigned n, unsigned but)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		if (i != but)
			sum += input[i].rate;
	return sum;
}

/* Whether a path that is faster, and not guarded, is left for the flows. */
static bool has_better(const struct guard_input *input, unsigned n, unsigned than)
{
	for (unsigned i = 0; i < n; i++)
		if (i != than && !input[i].entry->is_guarded &&
		    input[i].rate > own_rate(&input[than]))
			return true;
	return false;
}

/* Whether the path adds next to nothing to the others, and late. */
static bool is_little(const struct guard_input *input, unsigned n, unsigned than)
{
	uint64_t longest = 0;

	if (input[than].rate < RATE_LEAST ||
	    own_rate(&input[than]) * LITTLE >= rate_of_others(input, n, than))
		return false;
	for (unsigned i = 0; i < n; i++)
		if (i != than && input[i].rate > input[than].rate && delay_us(&input[i]) > longest)
			longest = delay_us(&input[i]);
	return delay_us(&input[than]) > MUCH_LONGER * longest &&
	       delay_us(&input[than]) > LATE_LEAST_US;
}

static uint64_t held_bytes(uint64_t us, uint64_t rate)
{
	return us * (rate / 1000) / 1000;
}

static void guard_one(struct guard_entry *entry, uint64_t us, uint64_t now_ms)
{
	bool did_last = !entry->pause_ms || now_ms - entry->since_ms >= LASTING_MS;

	entry->is_guarded = true;
	entry->delay_us = us;
	entry->calm_ms = entry->harm_ms = 0;
	if (did_last)
		entry->pause_ms = PAUSE_FIRST_MS;
	else if (entry->pause_ms < PAUSE_MOST_MS)
		entry->pause_ms *= 2;
	entry->since_ms = now_ms;
}

static void set_free(struct guard_entry *entry, uint64_t now_ms)
{
	entry->is_guarded = false;
	entry->since_ms = now_ms;
}

static bool is_calm(struct guard_entry *entry, uint64_t held, uint64_t buffer, uint64_t now_ms)
{
	if (held == 0 || held > buffer / 100 * CALM_PERCENT) {
		entry->calm_ms = 0;
		return false;
	}
	if (entry->calm_ms == 0)
		entry->calm_ms = now_ms;
	return now_ms - entry->calm_ms >= CALM_MS;
}

/* Less at once; more by and by, since a queue of flows that have just ended may be in it. */
void guard_note_rest(struct guard_entry *entry, uint64_t rtt_us)
{
	uint64_t risen_us = entry->least_rtt_us + entry->least_rtt_us / REST_RISE;

	if (rtt_us)
		entry->least_rtt_us = entry->least_rtt_us && risen_us < rtt_us ? risen_us : rtt_us;
}

/* The queues of flows are in it. */
static void note_round_trip(struct guard_entry *entry, uint64_t rtt_us)
{
	if (entry->least_rtt_us == 0 || rtt_us < entry->least_rtt_us)
		entry->least_rtt_us = rtt_us;
}

/* By its round trip alone: at once. By its rate: if that is so when slow start is over. */
static bool does_harm(struct guard_entry *entry, const struct guard_input *input, uint64_t others,
		      bool is_little, uint64_t buffer, uint64_t now_ms)
{
	uint64_t start_ms = START_TRIPS * entry->least_rtt_us / 1000;

	if (held_bytes(delay_us(input), others) <= buffer && !is_little) {
		entry->harm_ms = 0;
		return false;
	}
	if (held_bytes(input->rtt_us, others) > buffer)
		return true;
	if (entry->harm_ms == 0)
		entry->harm_ms = now_ms;
	return now_ms - entry->harm_ms >= (start_ms > START_LEAST_MS ? start_ms : START_LEAST_MS);
}

void guard_judge(const struct guard_input *input, unsigned n, uint64_t buffer_bytes,
		 uint64_t now_ms)
{
	for (unsigned i = 0; i < n; i++) {
		struct guard_entry *entry = input[i].entry;
		uint64_t others = rate_of_others(input, n, i);

		note_round_trip(entry, input[i].rtt_us);
		if (!entry->is_guarded) {
			if (does_harm(entry, &input[i], others, is_little(input, n, i),
				      buffer_bytes, now_ms) &&
			    has_better(input, n, i))
				guard_one(entry, delay_us(&input[i]), now_ms);
		} else if (is_calm(entry, held_bytes(entry->delay_us, others), buffer_bytes,
				   now_ms) ||
			   now_ms - entry->since_ms >= entry->pause_ms) {
			set_free(entry, now_ms);
		}
	}
}
