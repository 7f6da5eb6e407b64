/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The health of a path: its states, and the reasons for them. Pure. */
#include "paths/health.h"

const char *health_state_text(enum health_state state)
{
	switch (state) {
	case HEALTH_UP:
		return "up";
	case HEALTH_SUSPECT:
		return "suspect";
	case HEALTH_DOWN:
		return "down";
	case HEALTH_ABSENT:
		return "absent";
	case HEALTH_GUARDED:
		return "guarded";
	}
	return "";
}

const char *health_reason_text(enum health_reason reason)
{
	switch (reason) {
	case HEALTH_ANSWERS:
		return "the server answers";
	case HEALTH_ACKNOWLEDGED:
		return "what flows send is acknowledged";
	case HEALTH_NOT_ASKED:
		return "not asked yet";
	case HEALTH_SILENT:
		return "timeout";
	case HEALTH_STUCK:
		return "what flows send is not acknowledged";
	case HEALTH_REFUSED:
		return "refused: nothing listens there";
	case HEALTH_UNREACHABLE:
		return "unreachable";
	case HEALTH_FLAPPING:
		return "it answers, but went down too often lately";
	case HEALTH_NO_INTERFACE:
		return "no such interface";
	case HEALTH_NO_CARRIER:
		return "no carrier";
	case HEALTH_NO_ADDRESS:
		return "no address";
	case HEALTH_NO_ROUTE:
		return "no route to the server";
	case HEALTH_TOO_SLOW:
		return "it would slow the others down";
	case HEALTH_YIELDS:
		return "others use the link";
	case HEALTH_LOST:
		return "a client does not reach it any more";
	}
	return "";
}

const char *health_reason_word(enum health_reason reason)
{
	static const char *const words[] = {
		[HEALTH_ANSWERS] = "answers",
		[HEALTH_ACKNOWLEDGED] = "acknowledged",
		[HEALTH_NOT_ASKED] = "not-asked",
		[HEALTH_SILENT] = "silent",
		[HEALTH_STUCK] = "stuck",
		[HEALTH_REFUSED] = "refused",
		[HEALTH_UNREACHABLE] = "unreachable",
		[HEALTH_FLAPPING] = "flapping",
		[HEALTH_NO_INTERFACE] = "no-interface",
		[HEALTH_NO_CARRIER] = "no-carrier",
		[HEALTH_NO_ADDRESS] = "no-address",
		[HEALTH_NO_ROUTE] = "no-route",
		[HEALTH_TOO_SLOW] = "too-slow",
		[HEALTH_YIELDS] = "yields",
		[HEALTH_LOST] = "lost",
	};

	return words[reason];
}

/*
 * Theory of operation. Proof that a path works is a packet that came back: the answer to a
 * greeting, or an acknowledgement that a running flow had. Proof that it does not is silence after
 * a question, for longer than round trips over this path have taken lately, or a refusal. What
 * flows tell (stuck, quiet) is no proof but a reason to ask at once, several times, so that one
 * lost packet does not condemn a path; and an acknowledgement on a flow outweighs any number of
 * greetings that a firewall may have dropped.
 *
 *   UP       a question open for SILENCE_MS -> SUSPECT; stuck -> SUSPECT; quiet, and the question
 *            about it open for the path's patience -> DOWN; refused -> DOWN
 *   SUSPECT  answer, acknowledgement -> UP; none for the path's patience -> DOWN; refused -> DOWN
 *   DOWN     answer -> UP, unless it is held down; refused, and then silent: DOWN for silence
 *   ABSENT   health_returned() -> DOWN, until it answers
 *
 * A path that falls again and again is held down, each time for longer; a minute without a fall
 * forgets that. A path on which flows stay stuck although greetings come through (one that loses
 * large packets) falls too, and is held.
 */

#define SILENCE_MS	1000u
#define PATIENCE_MIN_MS 45u
#define PATIENCE_MAX_MS 1500u
#define SLACK_MS	25u
#define STUCK_MOST_MS	1500u
#define STUCK_HOLD_MS	4000u
#define FALLS_FREE	2u /* without being held down */
#define HOLD_FIRST_MS	1000u
#define HOLD_MOST_MS	16000u
#define FALLS_FORGET_MS 60000u
#define NEVER		UINT64_MAX

void health_init(struct health *health, uint64_t now_ms, bool has_to_answer)
{
	*health = (struct health){
		.state = has_to_answer ? HEALTH_DOWN : HEALTH_UP,
		.reason = HEALTH_NOT_ASKED,
		.since_ms = now_ms,
	};
}

/*
 * How long a question may stay open when it is urgent: as long as TCP would wait before it sends
 * again (RFC 6298), and half a round trip longer than usual at least.
 */
static uint32_t patience_with(const struct trip *trip)
{
	uint64_t by_variation_us = trip->rtt_us + 4 * (uint64_t)trip->rttvar_us;
	uint64_t by_trip_us = 3 * (uint64_t)trip->rtt_us / 2;
	uint64_t ms = (by_variation_us > by_trip_us ? by_variation_us : by_trip_us) / 1000;

	ms += SLACK_MS;
	if (ms > PATIENCE_MAX_MS)
		return PATIENCE_MAX_MS;
	return ms < PATIENCE_MIN_MS ? PATIENCE_MIN_MS : (uint32_t)ms;
}

static uint32_t at_least(const struct health *health, uint32_t ms)
{
	return ms > health->least_ms ? ms : health->least_ms;
}

static uint32_t patience_ms(const struct health *health)
{
	return at_least(health, health->trip.rtt_us ? patience_with(&health->trip) : SILENCE_MS);
}

/* The same for a question that nobody waits for. */
static uint32_t silence_ms(const struct health *health)
{
	uint32_t patience = patience_ms(health);

	return patience > SILENCE_MS ? patience : SILENCE_MS;
}

/*
 * The patience when flows are silent. Greetings are few, and when a queue has filled between two of
 * them their variation is large for long; flows measure with each segment. The shorter one counts.
 */
static uint32_t patience_of_flows_ms(const struct health *health)
{
	uint32_t by_greetings = patience_ms(health);
	uint32_t by_flows = health->flows.rtt_us ? patience_with(&health->flows) : by_greetings;

	return at_least(health, by_flows < by_greetings ? by_flows : by_greetings);
}

/* True: there is something new to tell. */
static bool enter(struct health *health, uint64_t now_ms, enum health_state state,
		  enum health_reason reason)
{
	bool is_news = health->state != state || health->reason != reason;

	if (health->state != state)
		health->since_ms = now_ms;
	health->state = state;
	health->reason = reason;
	return is_news;
}

static uint32_t hold_ms(uint32_t falls)
{
	uint32_t hold = HOLD_FIRST_MS;

	if (falls <= FALLS_FREE)
		return 0;
	while (--falls > FALLS_FREE && hold < HOLD_MOST_MS)
		hold *= 2;
	return hold;
}

static void count_fall(struct health *health, uint64_t now_ms)
{
	if (health->fell_ms && now_ms - health->fell_ms > FALLS_FORGET_MS)
		health->falls = 0;
	health->falls++;
	health->fell_ms = now_ms;
	health->held_to_ms = now_ms + hold_ms(health->falls);
}

static bool fall(struct health *health, uint64_t now_ms, enum health_reason reason)
{
	/* A server that is started again is no link that flaps. */
	if (reason != HEALTH_REFUSED)
		count_fall(health, now_ms);
	if (reason == HEALTH_STUCK && health->held_to_ms < now_ms + STUCK_HOLD_MS)
		health->held_to_ms = now_ms + STUCK_HOLD_MS;
	health->silent_ms = health->stuck_ms = 0;
	if (reason == HEALTH_REFUSED)
		health->asked_ms = 0;
	return enter(health, now_ms, HEALTH_DOWN, reason);
}

static void learn_rtt(struct health *health, uint32_t rtt_us)
{
	uint32_t difference = rtt_us > health->trip.rtt_us ? rtt_us - health->trip.rtt_us
							   : health->trip.rtt_us - rtt_us;

	if (health->trip.rtt_us == 0) {
		health->trip.rtt_us = rtt_us;
		health->trip.rttvar_us = rtt_us / 4; /* greetings are few: half of it would last */
		return;
	}
	health->trip.rttvar_us += difference / 4 - health->trip.rttvar_us / 4;
	health->trip.rtt_us += rtt_us / 8 - health->trip.rtt_us / 8;
}

static void note_proof(struct health *health, uint64_t when_ms)
{
	health->proven_ms = when_ms;
	health->asked_ms = health->silent_ms = 0;
}

void health_release(struct health *health)
{
	health->held_to_ms = 0;
}

void health_asked(struct health *health, uint64_t now_ms)
{
	if (health->asked_ms == 0)
		health->asked_ms = now_ms;
}

bool health_answered(struct health *health, uint64_t now_ms, uint32_t rtt_us)
{
	if (rtt_us > 0)
		learn_rtt(health, rtt_us);
	note_proof(health, now_ms);
	switch (health->state) {
	case HEALTH_UP:
		return health->reason == HEALTH_NOT_ASKED &&
		       enter(health, now_ms, HEALTH_UP, HEALTH_ANSWERS);
	case HEALTH_SUSPECT:
		return enter(health, now_ms, HEALTH_UP, HEALTH_ANSWERS);
	case HEALTH_DOWN:
		if (now_ms < health->held_to_ms)
			return enter(health, now_ms, HEALTH_DOWN, HEALTH_FLAPPING);
		return enter(health, now_ms, HEALTH_UP, HEALTH_ANSWERS);
	case HEALTH_ABSENT:
	case HEALTH_GUARDED:
		break;
	}
	return false;
}

/* Down, but silence would still be news. */
static bool is_open_verdict(const struct health *health)
{
	return health->reason == HEALTH_NOT_ASKED || health->reason == HEALTH_REFUSED;
}

bool health_failed(struct health *health, uint64_t now_ms, enum health_reason reason)
{
	switch (health->state) {
	case HEALTH_UP:
	case HEALTH_SUSPECT:
		if (reason == HEALTH_REFUSED)
			return fall(health, now_ms, reason);
		return enter(health, now_ms, HEALTH_SUSPECT, reason);
	case HEALTH_DOWN:
		if (reason == HEALTH_REFUSED)
			health->asked_ms = 0;
		if (is_open_verdict(health) || reason == HEALTH_REFUSED)
			return enter(health, now_ms, HEALTH_DOWN, reason);
		break;
	case HEALTH_ABSENT:
	case HEALTH_GUARDED:
		break;
	}
	return false;
}

bool health_heard(struct health *health, uint64_t now_ms, uint64_t heard_ms)
{
	if (heard_ms <= health->proven_ms)
		return false;
	if (heard_ms > health->stuck_ms)
		health->stuck_ms = 0;
	if (health->asked_ms && heard_ms < health->asked_ms)
		health->proven_ms = heard_ms;
	else
		note_proof(health, heard_ms);
	if (health->state != HEALTH_SUSPECT || heard_ms <= health->since_ms)
		return false;
	return enter(health, now_ms, HEALTH_UP, HEALTH_ACKNOWLEDGED);
}

bool health_doubted(struct health *health, uint64_t now_ms)
{
	if (health->state != HEALTH_UP && health->state != HEALTH_SUSPECT)
		return false;
	if (health->stuck_ms == 0)
		health->stuck_ms = now_ms;
	else if (now_ms - health->stuck_ms >= STUCK_MOST_MS + 4 * (health->trip.rtt_us / 1000))
		return fall(health, now_ms, HEALTH_STUCK);
	if (health->state == HEALTH_SUSPECT)
		return false;
	return enter(health, now_ms, HEALTH_SUSPECT, HEALTH_STUCK);
}

void health_quieted(struct health *health, uint64_t now_ms, const struct trip *flows)
{
	if (health->state != HEALTH_UP || health->silent_ms)
		return;
	health->silent_ms = now_ms;
	health->flows = *flows;
}

bool health_vanished(struct health *health, uint64_t now_ms, enum health_reason reason)
{
	if (health_is_carrying(health->state))
		count_fall(health, now_ms);
	health->asked_ms = health->silent_ms = health->stuck_ms = 0;
	return enter(health, now_ms, HEALTH_ABSENT, reason);
}

bool health_returned(struct health *health, uint64_t now_ms)
{
	if (health->state != HEALTH_ABSENT)
		return false;
	return enter(health, now_ms, HEALTH_DOWN, HEALTH_NOT_ASKED);
}

/* When silence turns into a verdict; NEVER: there is nothing to wait for. */
static uint64_t verdict_ms(const struct health *health)
{
	switch (health->state) {
	case HEALTH_UP:
		if (health->silent_ms)
			return health->silent_ms + patience_of_flows_ms(health);
		return health->asked_ms ? health->asked_ms + silence_ms(health) : NEVER;
	case HEALTH_SUSPECT:
		return health->since_ms + patience_ms(health);
	case HEALTH_DOWN:
		if (is_open_verdict(health))
			return health->asked_ms ? health->asked_ms + silence_ms(health) : NEVER;
		break;
	case HEALTH_ABSENT:
	case HEALTH_GUARDED:
		break;
	}
	return NEVER;
}

/* Why a suspect that stays silent is down. */
static enum health_reason silence_reason(const struct health *health)
{
	return health->reason == HEALTH_UNREACHABLE ? HEALTH_UNREACHABLE : HEALTH_SILENT;
}

bool health_tick(struct health *health, uint64_t now_ms)
{
	if (now_ms < verdict_ms(health))
		return false;
	if (health->state == HEALTH_UP && !health->silent_ms)
		return enter(health, now_ms, HEALTH_SUSPECT, HEALTH_SILENT);
	if (health->state == HEALTH_DOWN)
		return enter(health, now_ms, HEALTH_DOWN, HEALTH_SILENT);
	return fall(health, now_ms, silence_reason(health));
}

uint64_t health_due_ms(const struct health *health)
{
	return verdict_ms(health);
}

bool health_is_urgent(const struct health *health)
{
	return health->state == HEALTH_SUSPECT || (health->state == HEALTH_UP && health->silent_ms);
}

bool health_is_carrying(enum health_state state)
{
	return state != HEALTH_DOWN && state != HEALTH_ABSENT;
}

enum health_state health_shown(const struct health *health)
{
	return health->state == HEALTH_UP && (health->is_guarded || health->is_yielding)
		       ? HEALTH_GUARDED
		       : health->state;
}
