/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/courtesy.c: roles that both ends have, and what has to be made anew for them. */
#include "suite.h"

#include "paths/courtesy.h"

#define BASE_US	 10000u
#define QUEUE_US 30000u

static const struct greeting_answer with = {.instance = 1, .has_scavenger = true};
static const struct greeting_answer without = {.instance = 1};

static struct courtesy courtesy;
static uint64_t now_ms;

static unsigned answered(const struct greeting_answer *answer)
{
	now_ms += 100;
	return courtesy_answered(&courtesy, now_ms, courtesy_kind(&courtesy), answer);
}

static void begin(bool is_new)
{
	courtesy = (struct courtesy){.has_scavenger = true};
	now_ms = 1000000;
	assert_int_equal(courtesy_set_role(&courtesy, true, is_new), is_new ? 0 : COURTESY_ASK);
}

static void another_role_waits_for_the_server(void **state)
{
	begin(false);
	assert_int_equal(courtesy_kind(&courtesy), GREETING_SPARE);
	assert_int_equal(answered(&without), 0);
	assert_int_equal(answered(&without), 0);
	assert_int_equal(answered(&with), COURTESY_RENEW);
	assert_int_equal(answered(&with), 0);
	/* and back: a probe says nothing of roles */
	assert_int_equal(courtesy_set_role(&courtesy, false, false), COURTESY_ASK);
	assert_int_equal(courtesy_answered(&courtesy, now_ms, GREETING_PROBE, &without), 0);
	assert_int_equal(answered(&without), COURTESY_RENEW);
	assert_int_equal(answered(&without), 0);
}

static void the_same_role_is_no_news(void **state)
{
	begin(true);
	assert_int_equal(courtesy_set_role(&courtesy, true, false), 0);
}

/* One that can't, or of another make: we listen, and what is sent from here follows the role. */
static void a_server_without_a_scavenger_is_waited_for_shortly(void **state)
{
	begin(false);
	assert_int_equal(answered(&without), 0);
	assert_int_equal(answered(NULL), 0);
	assert_true(courtesy_due_ms(&courtesy) == UINT64_MAX);
	assert_int_equal(answered(NULL), COURTESY_RENEW);
	assert_true(courtesy_due_ms(&courtesy) != UINT64_MAX); /* turns */
	now_ms += 60000;
	assert_int_equal(answered(&with), COURTESY_RENEW); /* it has one after all */
	assert_true(courtesy_due_ms(&courtesy) == UINT64_MAX);
}

static void a_server_that_began_anew_gets_new_subflows(void **state)
{
	begin(true);
	assert_int_equal(answered(&with), COURTESY_RENEW);
	assert_int_equal(courtesy_server_began(&courtesy), COURTESY_ASK);
	assert_int_equal(answered(&without), 0);
	assert_int_equal(answered(&with), COURTESY_RENEW);
}

/* An upgrade keeps the server's instance, and its scavenger is another one. */
static void a_scavenger_that_was_gone_gets_new_subflows(void **state)
{
	begin(true);
	assert_int_equal(answered(&with), COURTESY_RENEW);
	now_ms += 60000;
	assert_int_equal(answered(&without), 0);
	assert_int_equal(answered(&with), COURTESY_RENEW);
	/* but not each time, where that comes and goes */
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(answered(&without), 0);
		assert_int_equal(answered(&with), 0);
	}
	now_ms += 10000;
	assert_int_equal(answered(&with), COURTESY_RENEW);
	assert_int_equal(answered(&with), 0);
}

static void what_the_server_calls_secondary_is_told_once(void **state)
{
	static const struct greeting_answer spare = {.instance = 1, .is_spare = true};

	courtesy = (struct courtesy){0};
	assert_int_equal(answered(&without), 0);
	assert_int_equal(answered(&spare), COURTESY_DERIVE);
	assert_int_equal(answered(&spare), 0);
	assert_int_equal(answered(NULL), 0);
	assert_true(courtesy.is_spare_there);
	assert_int_equal(answered(&without), COURTESY_DERIVE);
}

static void only_secondary_paths_are_left(void **state)
{
	struct greeting_answer yields = with;

	yields.yields_ms = 200;
	courtesy = (struct courtesy){.has_scavenger = true};
	assert_int_equal(answered(&yields), 0);
	assert_int_equal(courtesy_told(&courtesy, now_ms, now_ms + 100), 0);
	assert_int_equal(courtesy_tick(&courtesy, now_ms, YIELD_SPARED), 0);
	assert_false(courtesy_is_away(&courtesy));
	begin(true);
	assert_int_equal(answered(&yields), COURTESY_LEFT | COURTESY_RENEW);
	assert_true(courtesy_is_away(&courtesy));
	assert_int_equal(answered(&yields), 0); /* told */
	yields.yields_ms = UINT32_MAX;
	begin(true);
	assert_int_equal(answered(&yields), COURTESY_RENEW);
	assert_false(courtesy_is_away(&courtesy));
}

/* The path answers late, but carries: others are there more than ever. */
static void only_what_is_idle_or_down_ends_a_yield(void **state)
{
	begin(true);
	answered(&with);
	courtesy_told(&courtesy, now_ms, now_ms + 1000);
	courtesy_tick(&courtesy, now_ms + 10, YIELD_SPARED);
	assert_true(courtesy_is_away(&courtesy));
	courtesy_tick(&courtesy, now_ms + 20, YIELD_RESTS);
	assert_false(courtesy_is_away(&courtesy));
}

/* A queue beside which our own flows go on is no proof of others. */
static void where_flows_stay_a_loop_does_not_judge(void **state)
{
	begin(true);
	for (unsigned i = 0; i < 3; i++)
		answered(&without);
	courtesy_heard(&courtesy, now_ms, BASE_US);
	for (unsigned i = 0; i < 1000; i++) {
		now_ms += 50;
		courtesy_heard(&courtesy, now_ms, BASE_US + QUEUE_US);
		assert_int_equal(courtesy_tick(&courtesy, now_ms, YIELD_NEEDED), 0);
		assert_false(courtesy_is_away(&courtesy));
		assert_true(courtesy_due_ms(&courtesy) > now_ms);
	}
	for (unsigned i = 0; i < 100 && courtesy.yield.state != YIELD_LEFT; i++) {
		now_ms += 50;
		courtesy_heard(&courtesy, now_ms, BASE_US + QUEUE_US);
		courtesy_tick(&courtesy, now_ms, YIELD_SPARED);
	}
	assert_int_equal(courtesy.yield.state, YIELD_LEFT);
	courtesy_tick(&courtesy, now_ms, YIELD_NEEDED); /* the other path has died */
	assert_false(courtesy_is_away(&courtesy));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_role_waits_for_the_server),
		cmocka_unit_test(the_same_role_is_no_news),
		cmocka_unit_test(a_server_without_a_scavenger_is_waited_for_shortly),
		cmocka_unit_test(a_server_that_began_anew_gets_new_subflows),
		cmocka_unit_test(a_scavenger_that_was_gone_gets_new_subflows),
		cmocka_unit_test(what_the_server_calls_secondary_is_told_once),
		cmocka_unit_test(only_secondary_paths_are_left),
		cmocka_unit_test(only_what_is_idle_or_down_ends_a_yield),
		cmocka_unit_test(where_flows_stay_a_loop_does_not_judge),
	};

	RUN_SUITE(tests);
}
