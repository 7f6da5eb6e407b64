/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Yielding: when a secondary path is left to others, and when it is tried again. */
#include "paths/yield.h"

/*
 * Theory of operation. A secondary path belongs to others. The scavenger (src/bpf) sees within some
 * round trips that they are there, and sends next to nothing. But MPTCP's scheduler would still
 * give it 64 KiB at a time, and the stream waits for them. So the path becomes a backup for as
 * long, and for as long after that as greetings, whose round trips cost nothing, meet a queue that
 * is not ours. After tries that failed the queue has to be away for longer, which may begin while
 * the path is left. Where that does not end, the path is tried all the same now and then: the way
 * may have become longer, or the others may be such as keep a queue and leave room.
 *
 * Without a scavenger at one of the ends nobody says that others are there, since with any usual
 * congestion control the queue is ours, too. So the path is used in turns: after each it is left
 * for a moment, and if the queue stays without us, others made it. What was ours is gone when the
 * first greeting of that moment is answered, which has stood behind it; a later one that meets a
 * queue, or is not answered in time, has met others'. The path is then left for longer, and tried
 * again when three answers together met no queue. Turns become long while the path is ours, and
 * short when it was not, so that others lose little: a turn of TURN_LEAST_MS, of which we get half
 * at most, after each pause of PAUSE_LEAST_MS or more.
 */

#define QUEUE_US       3000u /* and an eighth of the way: more than greetings vary by themselves */
#define QUEUE_SHARE    8u
#define RENEW_MS       60000u /* the way's own round trip is the least of one to two times this */
#define PATIENCE_MS    10000u
#define TRY_MS	       2500u /* what ends sooner was a try that failed */
#define CALM_LEAST_MS  500u
#define CALM_MOST_MS   2000u
#define AGAIN_MS       50u /* it is told anew, and not the same by another answer */
#define TURN_LEAST_MS  500u
#define TURN_FIRST_MS  1000u
#define TURN_MOST_MS   4000u
#define PAUSE_LEAST_MS 3000u
#define PAUSE_MOST_MS  24000u
#define LISTEN_MS      500u
#define DEAF_MS	       2000u /* no answer at all: that is not what is judged here */
#define CALM_ENOUGH    3u    /* answers without a queue, after a pause */
#define QUEUE_ENOUGH   2u    /* answers in a row that met one */
#define ASK_MS	       250u
#define ASK_TRY_MS     100u /* others are likely, and a server tells of them in answers */
#define ASK_LOOP_MS    1000u
#define ASK_LISTEN_MS  100u

uint64_t yield_left_ms(const struct yield *yield, uint64_t now_ms)
{
	return yield->left_ms + (yield->state == YIELD_USED ? 0 : now_ms - yield->since_ms);
}

static void enter(struct yield *yield, enum yield_state state, uint64_t now_ms)
{
	yield->left_ms = yield_left_ms(yield, now_ms);
	yield->is_after_pause = yield->state == YIELD_LEFT;
	yield->state = state;
	yield->since_ms = now_ms;
	yield->has_heard_queue = false;
	yield->drained_ms = yield->is_after_pause ? now_ms : 0;
	yield->n_calm = 0;
	if (yield->is_after_pause)
		return;
	yield->n_queue = 0;
	yield->calm_since_ms = 0;
}

static void leave(struct yield *yield, uint64_t now_ms, uint64_t until_ms)
{
	enter(yield, YIELD_LEFT, now_ms);
	yield->until_ms = until_ms;
}

/* Twice as long as the last time, within bounds. */
static uint32_t longer(uint32_t ms, uint32_t least_ms, uint32_t most_ms)
{
	ms = ms < least_ms / 2 ? least_ms : 2 * ms;
	return ms < most_ms ? ms : most_ms;
}

void yield_told(struct yield *yield, uint64_t now_ms, uint64_t until_ms)
{
	if (until_ms <= now_ms)
		return;
	if (yield->state == YIELD_LEFT) {
		if (until_ms > yield->until_ms + AGAIN_MS)
			yield->calm_since_ms = 0;
		yield->until_ms = until_ms > yield->until_ms ? until_ms : yield->until_ms;
		return;
	}
	if (yield->state == YIELD_LISTENING && !yield->is_after_pause)
		yield->times++;
	if (yield->state == YIELD_USED) {
		yield->times++;
		yield->calm_ms = yield->until_ms > 0 && now_ms < yield->since_ms + TRY_MS
					 ? longer(yield->calm_ms, CALM_LEAST_MS, CALM_MOST_MS)
					 : 0;
	}
	leave(yield, now_ms, until_ms);
}

/* ---- listening ---- */

static void note_trip(struct yield *yield, uint64_t now_ms, uint32_t rtt_us)
{
	if (yield->least_us == 0 || now_ms >= yield->renewed_ms + RENEW_MS) {
		yield->older_us = yield->least_us;
		yield->least_us = rtt_us;
		yield->renewed_ms = now_ms;
	} else if (rtt_us < yield->least_us) {
		yield->least_us = rtt_us;
	}
}

static bool meets_queue(const struct yield *yield, uint64_t rtt_us)
{
	uint32_t base_us = yield->least_us;

	if (yield->older_us && yield->older_us < base_us)
		base_us = yield->older_us;
	return rtt_us > base_us + QUEUE_US + base_us / QUEUE_SHARE;
}

/* One may be late by itself: by radio, or where a machine is busy. */
static void hear_queue(struct yield *yield, uint64_t sent_ms, unsigned weight)
{
	yield->n_queue += weight;
	if (yield->n_queue < QUEUE_ENOUGH)
		return;
	yield->n_calm = 0;
	yield->calm_since_ms = 0;
	if (yield->drained_ms && sent_ms >= yield->drained_ms)
		yield->has_heard_queue = true;
}

/* Loop: there is no queue without us. */
static void hear_calm(struct yield *yield, uint64_t now_ms)
{
	if (yield->is_after_pause && yield->n_calm < CALM_ENOUGH)
		return;
	if (!yield->is_after_pause) {
		yield->pause_ms = 0;
		yield->turn_ms = longer(yield->turn_ms, TURN_FIRST_MS, TURN_MOST_MS);
	}
	enter(yield, YIELD_USED, now_ms);
}

void yield_heard(struct yield *yield, uint64_t now_ms, uint32_t rtt_us, bool has_loop)
{
	uint64_t sent_ms = now_ms - rtt_us / 1000;

	if (rtt_us == 0)
		return;
	note_trip(yield, now_ms, rtt_us);
	if (sent_ms > yield->last_sent_ms)
		yield->last_sent_ms = sent_ms;
	if (yield->state == YIELD_USED)
		return;
	if (meets_queue(yield, rtt_us)) {
		hear_queue(yield, sent_ms, 1);
		if (yield->drained_ms == 0 && sent_ms >= yield->since_ms)
			yield->drained_ms = now_ms;
		return;
	}
	yield->n_queue = 0;
	yield->n_calm++;
	if (yield->calm_since_ms == 0 &&
	    (yield->state == YIELD_LISTENING || sent_ms >= yield->since_ms))
		yield->calm_since_ms = now_ms;
	if (yield->state != YIELD_LISTENING)
		return;
	if (has_loop)
		hear_calm(yield, now_ms);
	else if (now_ms >= yield->calm_since_ms + yield->calm_ms)
		enter(yield, YIELD_USED, now_ms);
}

/* One that a later one has overtaken is lost, and waits in no queue. */
void yield_waiting(struct yield *yield, uint64_t now_ms, uint64_t sent_ms)
{
	if (yield->state == YIELD_LISTENING && yield->least_us && sent_ms > yield->last_sent_ms &&
	    meets_queue(yield, (now_ms - sent_ms) * 1000))
		hear_queue(yield, sent_ms, QUEUE_ENOUGH);
}

/* ---- time ---- */

static uint32_t turn_ms(const struct yield *yield)
{
	return yield->turn_ms ? yield->turn_ms : TURN_FIRST_MS;
}

/* Loop: the queue is that of others. */
static void hear_others(struct yield *yield, uint64_t now_ms)
{
	yield->times += !yield->is_after_pause;
	yield->pause_ms = longer(yield->pause_ms, PAUSE_LEAST_MS, PAUSE_MOST_MS);
	yield->turn_ms = TURN_LEAST_MS;
	leave(yield, now_ms, now_ms + yield->pause_ms);
}

static void tick_listening(struct yield *yield, uint64_t now_ms, bool has_loop)
{
	uint64_t for_ms = now_ms - yield->since_ms;

	if (has_loop && yield->has_heard_queue && for_ms >= LISTEN_MS)
		hear_others(yield, now_ms);
	else if (for_ms >= (has_loop ? DEAF_MS : PATIENCE_MS))
		enter(yield, YIELD_USED, now_ms);
}

/* What is listened to is a queue that stands without us; where we stay there is nothing to hear. */
static bool is_used_anyhow(const struct yield *yield, uint64_t now_ms, enum yield_need need,
			   bool has_loop)
{
	if (need == YIELD_NEEDED)
		return has_loop || (yield->state != YIELD_USED && now_ms >= yield->until_ms);
	return need == YIELD_RESTS; /* a turn begins with what is carried */
}

void yield_tick(struct yield *yield, uint64_t now_ms, enum yield_need need, bool has_loop)
{
	if (is_used_anyhow(yield, now_ms, need, has_loop)) {
		enter(yield, YIELD_USED, now_ms);
		return;
	}
	switch (yield->state) {
	case YIELD_USED:
		if (has_loop && now_ms >= yield->since_ms + turn_ms(yield))
			enter(yield, YIELD_LISTENING, now_ms);
		break;
	case YIELD_LISTENING:
		tick_listening(yield, now_ms, has_loop);
		break;
	case YIELD_LEFT:
		if (now_ms >= yield->until_ms)
			enter(yield, YIELD_LISTENING, now_ms);
		break;
	}
}

uint64_t yield_due_ms(const struct yield *yield, bool has_loop)
{
	switch (yield->state) {
	case YIELD_USED:
		return has_loop ? yield->since_ms + turn_ms(yield) : UINT64_MAX;
	case YIELD_LISTENING:
		if (!has_loop)
			return yield->since_ms + PATIENCE_MS;
		return yield->since_ms + (yield->has_heard_queue ? LISTEN_MS : DEAF_MS);
	case YIELD_LEFT:
		return yield->until_ms;
	}
	return UINT64_MAX;
}

bool yield_is_away(const struct yield *yield)
{
	return yield->state != YIELD_USED;
}

uint32_t yield_ask_ms(const struct yield *yield, uint64_t now_ms, bool has_loop)
{
	bool is_try = yield->until_ms > 0 && now_ms < yield->since_ms + TRY_MS;

	switch (yield->state) {
	case YIELD_USED:
		if (has_loop)
			return ASK_LOOP_MS;
		return is_try ? ASK_TRY_MS : ASK_MS;
	case YIELD_LISTENING:
		return has_loop ? ASK_LISTEN_MS : ASK_MS;
	case YIELD_LEFT:
		return has_loop ? ASK_LOOP_MS : ASK_MS;
	}
	return ASK_MS;
}
