/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking: when the next greeting goes out over a path to learn how it is. */
#include "paths/asking.h"

/*
 * Theory of operation. A greeting that nobody waits for goes out every IDLE_MS, so that the server
 * learns by which of its addresses we come; every ASKING_BUSY_MS while flows move and none of them
 * had an acknowledgement over this path; as often as courtesy wants while others are looked out
 * for; every DOWN_MS while the path is down; every FIRST_MS, a few times, when it is new; and a
 * short volley at once when flows are stuck.
 *
 * Whether to ask is looked at less often than it may become due, since whoever calls has a timer
 * for the time of the next look: what may make it sooner is told (asking_at_once(),
 * asking_sooner(), asking_answered()).
 */

#define IDLE_MS	 5000u
#define DOWN_MS	 500u
#define VOLLEY	 3u
#define DOUBT_MS 250u /* after a volley: eight questions live for two seconds */
#define FIRST	 5u   /* answers: so many make a variation that means something */
#define FIRST_MS 100u

/* The path has answered, but not often enough to know how its round trips vary. */
static bool is_new(const struct asking *asking)
{
	return asking->n_answers > 0 && asking->n_answers < FIRST;
}

/* How long between two questions, but for a volley. */
static uint32_t gap_ms(const struct asking_view *view)
{
	if (view->is_down)
		return DOWN_MS;
	return view->is_watched ? view->watch_ms : ASKING_BUSY_MS;
}

/* A question that only watches others waits for its place: where their queue is long, all would be
 * dropped before they are answered. */
static bool is_due(const struct asking *asking, const struct asking_view *view, uint64_t now_ms)
{
	if (view->is_down || view->is_urgent)
		return true;
	if (view->is_watched && !is_new(asking))
		return now_ms >= asking->asked_ms + view->watch_ms && view->has_room;
	return now_ms >= asking->asked_ms + IDLE_MS || is_new(asking) ||
	       (view->is_busy && now_ms >= view->proven_ms + ASKING_BUSY_MS);
}

/* From a question to the next look. */
static uint32_t pause_ms(struct asking *asking, const struct asking_view *view)
{
	uint32_t ms = gap_ms(view);

	if (!view->is_urgent) {
		asking->volley = 0;
		return ms;
	}
	if (++asking->volley < VOLLEY)
		return ASKING_VOLLEY_MS;
	return ms > DOUBT_MS ? ms : DOUBT_MS;
}

bool asking_look(struct asking *asking, const struct asking_view *view, uint64_t now_ms)
{
	uint32_t ms = gap_ms(view);

	if (now_ms < asking->look_ms)
		return false;
	if (is_due(asking, view, now_ms)) {
		asking->look_ms = now_ms + pause_ms(asking, view);
		return true;
	}
	asking->look_ms = (now_ms < asking->asked_ms + ms ? asking->asked_ms : now_ms) + ms;
	return false;
}

void asking_done(struct asking *asking, uint64_t now_ms)
{
	asking->asked_ms = now_ms;
}

void asking_answered(struct asking *asking, uint64_t now_ms)
{
	if (asking->n_answers < FIRST)
		asking->n_answers++;
	if (is_new(asking) && asking->look_ms > now_ms + FIRST_MS)
		asking->look_ms = now_ms + FIRST_MS;
}

void asking_renew(struct asking *asking)
{
	asking->n_answers = 1;
}

void asking_at_once(struct asking *asking, uint64_t now_ms)
{
	asking->volley = 0;
	asking->look_ms = now_ms;
}

void asking_sooner(struct asking *asking, const struct asking_view *view)
{
	uint64_t due_ms = asking->asked_ms + gap_ms(view);

	if (view->is_watched && due_ms < asking->look_ms)
		asking->look_ms = due_ms;
}
