/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/candidate.c: which path is dialed next, and how long it stays alone. */
#include "suite.h"

#include "relay/candidate.h"

/* Paths 0, 1, 2, all up and able to start a connection. */
static struct board_table three(void)
{
	struct board_table table = {.n_paths = 3};

	for (uint8_t i = 0; i < 3; i++) {
		table.path[i].place = i;
		table.path[i].may_start = true;
	}
	return table;
}

/* The places in the order in which they are dialed, as digits. */
static const char *order(const struct board_table *table)
{
	static char text[BOARD_PATHS_MAX + 1];
	const struct board_path *path;
	uint16_t tried = 0;
	unsigned n = 0;

	while ((path = candidate_next(table, tried))) {
		tried |= (uint16_t)(1u << path->place);
		text[n++] = (char)('0' + path->place);
	}
	text[n] = '\0';
	return text;
}

static void goes_by_health(void **state)
{
	struct board_table table = three();

	assert_string_equal(order(&table), "012");
	table.path[0].health = HEALTH_SUSPECT;
	assert_string_equal(order(&table), "120");
	table.path[1].is_backup = true;
	assert_string_equal(order(&table), "201");
	table.path[2].health = HEALTH_DOWN;
	table.path[2].reason = HEALTH_SILENT;
	assert_string_equal(order(&table), "01");
	assert_int_equal(candidate_count(&table), 2);
	table.path[0].health = HEALTH_GUARDED;
	assert_string_equal(order(&table), "10");
	table.path[0].health = table.path[1].health = HEALTH_DOWN;
	table.path[0].reason = table.path[1].reason = table.path[2].reason = HEALTH_SILENT;
	assert_string_equal(order(&table), "");
	table.path[2].reason = HEALTH_REFUSED;
	assert_string_equal(order(&table), "2");
	table.path[0].reason = HEALTH_FLAPPING; /* these two answer */
	table.path[1].reason = HEALTH_STUCK;
	assert_string_equal(order(&table), "021");
}

/* However the configuration orders them. */
static void goes_by_what_paths_are_for(void **state)
{
	struct board_table table = three();

	table.path[0].is_backup = true;
	table.path[1].is_secondary = true;
	assert_string_equal(order(&table), "210");
	table.path[1].health = HEALTH_SUSPECT;
	assert_string_equal(order(&table), "210");
	table.path[1].health = HEALTH_GUARDED; /* it is left to others */
	table.path[1].is_backup = true;
	assert_string_equal(order(&table), "201");
	table.path[2].is_secondary = true;
	table.path[0].is_backup = false;
	assert_string_equal(order(&table), "021");
}

static void begins_where_the_others_can_follow(void **state)
{
	struct board_table table = three();

	table.path[0].may_start = table.path[1].may_start = false;
	assert_string_equal(order(&table), "201");
	table.path[2].is_backup = true;
	assert_string_equal(order(&table), "201");
}

static void a_path_that_is_shut_is_better_than_none(void **state)
{
	struct board_table table = three();

	table.path[0].is_shut = true;
	assert_string_equal(order(&table), "120");
	table.path[1].is_backup = true;
	assert_string_equal(order(&table), "210");
	table.path[1].health = table.path[2].health = HEALTH_DOWN;
	table.path[1].reason = table.path[2].reason = HEALTH_SILENT;
	assert_string_equal(order(&table), "0");
}

static void standby_is_for_when_nothing_is_left(void **state)
{
	struct board_table table = three();

	table.path[0].is_standby = true;
	table.path[0].router = 1;
	assert_string_equal(order(&table), "12");
	assert_int_equal(candidate_count(&table), 2);
	assert_int_equal(candidate_standby(&table, 6)->place, 0);
	assert_null(candidate_standby(&table, 7));
	table.path[0].health = HEALTH_DOWN;
	table.path[0].reason = HEALTH_REFUSED;
	assert_null(candidate_standby(&table, 6));
}

static void the_head_start_is_a_little_more_than_a_round_trip(void **state)
{
	struct board_path path = {.rtt_us = 10000};

	assert_int_equal(candidate_head_start_ms(&path), 50);
	path.rtt_us = 200;
	assert_int_equal(candidate_head_start_ms(&path), 40);
	path.rtt_us = 100000;
	assert_int_equal(candidate_head_start_ms(&path), 230);
	path.rtt_us = 900000;
	assert_int_equal(candidate_head_start_ms(&path), 500);
	path.rtt_us = 0;
	assert_int_equal(candidate_head_start_ms(&path), 100);
	path.health = HEALTH_SUSPECT;
	assert_int_equal(candidate_head_start_ms(&path), 10);
}

static void families(void **state)
{
	struct board_table table = {0};

	assert_false(candidate_has_both_families(&table));
	table = three();
	for (int i = 0; i < 3; i++)
		table.path[i].server.family = AF_INET;
	assert_false(candidate_has_both_families(&table));
	table.path[2].server.family = AF_INET6;
	assert_true(candidate_has_both_families(&table));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_by_health),
		cmocka_unit_test(goes_by_what_paths_are_for),
		cmocka_unit_test(begins_where_the_others_can_follow),
		cmocka_unit_test(a_path_that_is_shut_is_better_than_none),
		cmocka_unit_test(families),
		cmocka_unit_test(standby_is_for_when_nothing_is_left),
		cmocka_unit_test(the_head_start_is_a_little_more_than_a_round_trip),
	};

	RUN_SUITE(tests);
}
