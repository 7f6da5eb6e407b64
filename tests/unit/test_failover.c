/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/failover.c: which paths are backups, by their roles and by what befell the others. */
#include "suite.h"

#include "paths/failover.h"

/*
 * A path in one letter: p(rimary), s(econdary) and b(ackup), as its role says; y: a secondary one
 * that is left to others; g, G: a primary, or a backup, that is guarded; upper case P, S, B, Y: it
 * is down.
 */
static void make_path(struct failover *failover, struct paths *paths, char letter)
{
	struct monitor *monitor = &failover->monitors.monitor[paths->n];
	struct path *path = &paths->path[paths->n];

	path->interface[0] = monitor->way.interface[0] = (char)('0' + paths->n++);
	path->role = strchr("sSyY", letter)  ? CONF_SECONDARY
		     : strchr("bBG", letter) ? CONF_BACKUP
					     : CONF_PRIMARY;
	monitor->all = &failover->monitors;
	monitor->health.state = strchr("PSBY", letter) ? HEALTH_DOWN : HEALTH_UP;
	monitor->health.is_yielding = strchr("yY", letter);
	monitor->health.is_guarded = strchr("gG", letter);
}

/* The numbers of those that carry payload, as digits: they are neither down nor backups. */
static const char *carrying(const char *letters)
{
	static char text[BOARD_PATHS_MAX + 1];
	static struct conf conf = {.n_routers = 1};
	struct failover failover = {.conf = &conf};
	struct paths paths = {0};
	unsigned n = 0;

	for (const char *at = letters; *at; at++)
		make_path(&failover, &paths, *at);
	failover_judge(&failover, &paths);
	for (unsigned i = 0; i < paths.n; i++)
		if (!paths.path[i].is_down && !paths.path[i].is_backup)
			text[n++] = (char)('0' + i);
	text[n] = '\0';
	return text;
}

static void a_backup_carries_when_no_other_does(void **state)
{
	assert_string_equal(carrying("pb"), "0");
	assert_string_equal(carrying("sb"), "0");
	assert_string_equal(carrying("Pb"), "1");
	assert_string_equal(carrying("Psb"), "1");
	assert_string_equal(carrying("PSbb"), "23");
	assert_string_equal(carrying("pB"), "0");
}

static void what_is_left_to_others_carries_when_nothing_else_does(void **state)
{
	assert_string_equal(carrying("py"), "0");
	assert_string_equal(carrying("sy"), "0");
	assert_string_equal(carrying("Pyb"), "2");
	assert_string_equal(carrying("yb"), "1");
	assert_string_equal(carrying("PyB"), "1");
	assert_string_equal(carrying("yy"), "01");
	assert_string_equal(carrying("Py"), "1");
}

static void what_is_guarded_carries_when_nothing_else_does(void **state)
{
	assert_string_equal(carrying("pg"), "0");
	assert_string_equal(carrying("Pgb"), "2");
	assert_string_equal(carrying("PgB"), "1");
	assert_string_equal(carrying("PGb"), "2");
	assert_string_equal(carrying("PGy"), "12");
}

/* With its endpoint the connections would lose their last subflow. */
static void when_all_are_down_none_is_left(void **state)
{
	assert_string_equal(carrying("PSB"), "012");
	assert_string_equal(carrying("Y"), "0");
}

/* Each router's paths are judged by themselves. */
static void routers_do_not_concern_each_other(void **state)
{
	static struct conf conf = {.n_routers = 1};
	struct failover failover = {.conf = &conf};
	struct paths paths = {0};

	make_path(&failover, &paths, 'p');
	make_path(&failover, &paths, 'b');
	make_path(&failover, &paths, 'y');
	for (unsigned i = 1; i < 3; i++)
		paths.path[i].router = failover.monitors.monitor[i].router = 1;
	failover_judge(&failover, &paths);
	assert_false(paths.path[0].is_backup);
	assert_false(paths.path[1].is_backup);
	assert_true(paths.path[2].is_backup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_backup_carries_when_no_other_does),
		cmocka_unit_test(what_is_left_to_others_carries_when_nothing_else_does),
		cmocka_unit_test(what_is_guarded_carries_when_nothing_else_does),
		cmocka_unit_test(when_all_are_down_none_is_left),
		cmocka_unit_test(routers_do_not_concern_each_other),
	};

	RUN_SUITE(tests);
}
