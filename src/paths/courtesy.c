/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Courtesy: what a client owes to the others on a path, by its role and the server's word. Pure. */
#include "paths/courtesy.h"

/*
 * Theory of operation. A secondary path takes both ends: each sends by its scavenger, or whatever
 * it has instead, which a subflow is given when it begins. So a new role is first said to the
 * server, and when the server has its part the subflows are made anew. The server may lose its part
 * (it was started again, or upgraded, or had too many of us) and find it again; what began in
 * between is made anew, too, but not more often than each RENEW_MS.
 *
 * Where both ends have a scavenger these tell when others are there. Otherwise yield.c listens.
 */

#define WITHOUT	 3u /* answers: a server loads its scavenger when the first client needs it */
#define RENEW_MS 10000u
#define MOST_MS	 10000u /* what a server may ask for at once */

/* Whether one of the ends lacks a scavenger that would tell; see yield.h. */
static bool has_loop(const struct courtesy *courtesy)
{
	return !courtesy->has_scavenger || courtesy->n_without >= WITHOUT;
}

static unsigned note_left(struct courtesy *courtesy)
{
	bool is_left = courtesy->is_secondary && courtesy->yield.state == YIELD_LEFT;
	bool is_news = is_left && !courtesy->is_left;

	courtesy->is_left = is_left;
	return is_news ? COURTESY_LEFT : 0;
}

static void forget_far(struct courtesy *courtesy)
{
	courtesy->has_far_scavenger = false;
	courtesy->n_without = 0;
	courtesy->is_renewal_due = true;
}

unsigned courtesy_set_role(struct courtesy *courtesy, bool is_secondary, bool is_new)
{
	if (courtesy->is_secondary == is_secondary)
		return 0;
	courtesy->is_secondary = is_secondary;
	courtesy->yield = (struct yield){0};
	courtesy->renewed_ms = 0;
	forget_far(courtesy);
	return note_left(courtesy) | (is_new ? 0 : COURTESY_ASK);
}

unsigned courtesy_server_began(struct courtesy *courtesy)
{
	if (!courtesy->is_secondary)
		return 0;
	forget_far(courtesy);
	courtesy->renewed_ms = 0;
	return COURTESY_ASK;
}

/* What the server sends there; one that says nothing has no scavenger. */
static void note_far(struct courtesy *courtesy, bool has_scavenger)
{
	if (has_scavenger && !courtesy->has_far_scavenger)
		courtesy->is_renewal_due = true;
	courtesy->has_far_scavenger = has_scavenger;
	if (has_scavenger)
		courtesy->n_without = 0;
	else if (courtesy->n_without < WITHOUT)
		courtesy->n_without++;
}

/* Whether the server has its part of the role; one without a scavenger has none. */
static bool is_agreed(const struct courtesy *courtesy, enum greeting_kind kind)
{
	if (!courtesy->is_secondary)
		return kind == GREETING_USE;
	return courtesy->has_far_scavenger || courtesy->n_without >= WITHOUT;
}

static unsigned judge_renewal(struct courtesy *courtesy, uint64_t now_ms, enum greeting_kind kind)
{
	if (!courtesy->is_renewal_due || !is_agreed(courtesy, kind) ||
	    (courtesy->renewed_ms && now_ms < courtesy->renewed_ms + RENEW_MS))
		return 0;
	courtesy->is_renewal_due = false;
	courtesy->renewed_ms = now_ms;
	return COURTESY_RENEW;
}

unsigned courtesy_answered(struct courtesy *courtesy, uint64_t now_ms, enum greeting_kind kind,
			   const struct greeting_answer *answer)
{
	unsigned news = 0;

	if (answer && answer->is_spare != courtesy->is_spare_there) {
		courtesy->is_spare_there = answer->is_spare;
		news |= COURTESY_DERIVE;
	}
	if (courtesy->is_secondary)
		note_far(courtesy, answer && answer->has_scavenger);
	if (answer && answer->yields_ms && answer->yields_ms <= MOST_MS)
		news |= courtesy_told(courtesy, now_ms, now_ms + answer->yields_ms);
	return news | judge_renewal(courtesy, now_ms, kind);
}

unsigned courtesy_heard(struct courtesy *courtesy, uint64_t now_ms, uint32_t rtt_us)
{
	if (courtesy->is_secondary)
		yield_heard(&courtesy->yield, now_ms, rtt_us, has_loop(courtesy));
	return note_left(courtesy);
}

unsigned courtesy_told(struct courtesy *courtesy, uint64_t now_ms, uint64_t until_ms)
{
	if (courtesy->is_secondary)
		yield_told(&courtesy->yield, now_ms, until_ms);
	return note_left(courtesy);
}

void courtesy_waiting(struct courtesy *courtesy, uint64_t now_ms, uint64_t sent_ms)
{
	if (courtesy->is_secondary && has_loop(courtesy))
		yield_waiting(&courtesy->yield, now_ms, sent_ms);
}

unsigned courtesy_tick(struct courtesy *courtesy, uint64_t now_ms, enum yield_need need)
{
	if (!courtesy->is_secondary)
		return 0;
	yield_tick(&courtesy->yield, now_ms, need, has_loop(courtesy));
	return note_left(courtesy);
}

uint64_t courtesy_due_ms(const struct courtesy *courtesy)
{
	return courtesy->is_secondary ? yield_due_ms(&courtesy->yield, has_loop(courtesy))
				      : UINT64_MAX;
}

bool courtesy_is_away(const struct courtesy *courtesy)
{
	return courtesy->is_secondary && yield_is_away(&courtesy->yield);
}

enum greeting_kind courtesy_kind(const struct courtesy *courtesy)
{
	return courtesy->is_secondary ? GREETING_SPARE : GREETING_USE;
}

uint32_t courtesy_ask_ms(const struct courtesy *courtesy, uint64_t now_ms)
{
	return yield_ask_ms(&courtesy->yield, now_ms, has_loop(courtesy));
}
