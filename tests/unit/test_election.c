/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/election.c: who of several far routers is the active one, and when. */
#include "suite.h"

#include "paths/election.h"

#include <string.h>

#define NEVER UINT64_MAX

/* `carries` has a + for each router with a path that works. Returns the active one, from 1. */
static unsigned judge(struct election *election, const char *carries, uint64_t now_ms)
{
	bool flags[CONF_SERVERS_MAX] = {0};
	unsigned before = election->active, n = (unsigned)strlen(carries);
	bool has_changed;

	for (unsigned i = 0; i < n; i++)
		flags[i] = carries[i] == '+';
	has_changed = election_judge(election, flags, n, now_ms);
	assert_int_equal(has_changed, election->active != before);
	return election->active + 1;
}

static void first_is_preferred(void **state)
{
	struct election election = {0};

	assert_int_equal(judge(&election, "++", 1000), 1);
	assert_int_equal(judge(&election, "+-", 2000), 1);
	assert_true(election_due_ms(&election) == NEVER);
}

static void next_takes_over_at_once(void **state)
{
	struct election election = {0};

	assert_int_equal(judge(&election, "+++", 1000), 1);
	assert_int_equal(judge(&election, "--+", 1001), 3);
	assert_int_equal(judge(&election, "---", 1002), 3);
	assert_int_equal(judge(&election, "-+-", 1003), 2);
	assert_int_equal(judge(&election, "-++", 9000), 2);
}

static void first_may_be_gone_from_the_start(void **state)
{
	struct election election = {0};

	assert_int_equal(judge(&election, "-+", 1000), 2);
}

static void preferred_one_has_to_last(void **state)
{
	struct election election = {0};

	judge(&election, "-+", 1000);
	assert_true(election_due_ms(&election) == NEVER);
	assert_int_equal(judge(&election, "++", 2000), 2);
	assert_int_equal(election_due_ms(&election), 2000 + ELECTION_TRIAL_MS);
	assert_int_equal(judge(&election, "++", 1999 + ELECTION_TRIAL_MS), 2);
	assert_int_equal(judge(&election, "++", 2000 + ELECTION_TRIAL_MS), 1);
	assert_true(election_due_ms(&election) == NEVER);
}

static void break_begins_the_trial_anew(void **state)
{
	struct election election = {0};

	judge(&election, "-+", 1000);
	judge(&election, "++", 2000);
	judge(&election, "-+", 6000);
	judge(&election, "++", 6100);
	assert_int_equal(election_due_ms(&election), 6100 + ELECTION_TRIAL_MS);
	assert_int_equal(judge(&election, "++", 7500), 2);
	assert_int_equal(judge(&election, "++", 6100 + ELECTION_TRIAL_MS), 1);
}

static void anything_is_better_than_nothing(void **state)
{
	struct election election = {0};

	judge(&election, "-+", 1000);
	judge(&election, "++", 2000);
	assert_int_equal(judge(&election, "+-", 2001), 1);
}

/* A middle one may be gone back to before the first is. */
static void best_that_has_lasted(void **state)
{
	struct election election = {0};

	judge(&election, "--+", 1000);
	judge(&election, "-++", 2000);
	judge(&election, "+++", 4000);
	assert_int_equal(election_due_ms(&election), 2000 + ELECTION_TRIAL_MS);
	assert_int_equal(judge(&election, "+++", 2000 + ELECTION_TRIAL_MS), 2);
	assert_int_equal(judge(&election, "+++", 4000 + ELECTION_TRIAL_MS), 1);
}

static void none_at_all(void **state)
{
	struct election election = {0};

	assert_false(election_judge(&election, NULL, 0, 1000));
	assert_int_equal(election.active, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_is_preferred),
		cmocka_unit_test(next_takes_over_at_once),
		cmocka_unit_test(first_may_be_gone_from_the_start),
		cmocka_unit_test(preferred_one_has_to_last),
		cmocka_unit_test(break_begins_the_trial_anew),
		cmocka_unit_test(anything_is_better_than_nothing),
		cmocka_unit_test(best_that_has_lasted),
		cmocka_unit_test(none_at_all),
	};

	RUN_SUITE(tests);
}
