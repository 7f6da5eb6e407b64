/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/asking.c: how often a path is asked how it is. */
#include "suite.h"

#include "paths/asking.h"

#define BEGIN_MS   1000000u
#define ASKED_MOST 64

static struct asking asking;
static struct asking_view view;
static uint64_t now_ms;
static uint64_t asked_ms[ASKED_MOST]; /* the questions, since the beginning */
static unsigned n_asked;

/* A path that is up, nothing moves, and it is no longer new. */
static void begin(void)
{
	asking = (struct asking){.n_answers = 5};
	view = (struct asking_view){.has_room = true, .watch_ms = 250, .proven_ms = BEGIN_MS};
	now_ms = BEGIN_MS;
	n_asked = 0;
	asking_at_once(&asking, now_ms);
}

/* As a monitor does, which also looks when something else is due. */
static void look(void)
{
	if (asking_look(&asking, &view, now_ms)) {
		assert_true(n_asked < ASKED_MOST);
		asked_ms[n_asked++] = now_ms - BEGIN_MS;
		asking_done(&asking, now_ms);
	}
	assert_true(asking.look_ms > now_ms);
}

static void pass(uint64_t for_ms)
{
	uint64_t end_ms = now_ms + for_ms;

	look();
	while (asking.look_ms <= end_ms) {
		now_ms = asking.look_ms;
		look();
	}
	now_ms = end_ms;
}

/* The questions since the last call; more than there were are a failure. */
static void expect(unsigned n, const uint64_t *times_ms)
{
	assert_int_equal(n_asked, n);
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(asked_ms[i], times_ms[i]);
	n_asked = 0;
}

#define EXPECT(...)                                                                                \
	expect(sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), (uint64_t[]){__VA_ARGS__})

static void a_path_that_nobody_uses_is_asked_seldom(void **state)
{
	(void)state;
	begin();
	pass(15500);
	EXPECT(0, 5000, 10000, 15000);
}

static void while_flows_move_it_is_asked_unless_they_tell(void **state)
{
	(void)state;
	begin();
	view.is_busy = true;
	pass(0);
	for (int i = 0; i < 4; i++) { /* flows tell */
		view.proven_ms = now_ms;
		pass(900);
	}
	EXPECT(0);
	pass(3000);
	EXPECT(4000, 5000, 6000);
}

static void a_new_path_is_asked_some_times_soon(void **state)
{
	(void)state;
	begin();
	asking.n_answers = 0;
	pass(10);
	EXPECT(0);
	for (int i = 0; i < 5; i++) {
		asking_answered(&asking, now_ms);
		pass(120);
	}
	EXPECT(110, 230, 350, 470);
	pass(4000);
	expect(0, NULL);
	asking_renew(&asking);
	asking_answered(&asking, now_ms);
	pass(100);
	EXPECT(4710);
}

static void a_path_in_doubt_is_asked_by_a_volley_and_often_after_it(void **state)
{
	(void)state;
	begin();
	pass(5010);
	EXPECT(0, 5000);
	view.is_urgent = true;
	asking_at_once(&asking, now_ms);
	pass(2200);
	EXPECT(5010, 5030, 5050, 6050, 7050);
	view.is_urgent = false;
	pass(2000);
	expect(0, NULL);
	view.is_urgent = true;
	asking_at_once(&asking, now_ms);
	pass(50);
	EXPECT(9210, 9230, 9250);
}

/* One that is looked at more often anyhow is not asked more often in doubt than its questions can
 * be answered. */
static void a_volley_over_a_watched_path_is_followed_by_a_pause(void **state)
{
	(void)state;
	begin();
	view.is_busy = view.is_watched = view.is_urgent = true;
	view.watch_ms = 20;
	view.has_room = false;
	pass(600);
	EXPECT(0, 20, 40, 290, 540);
}

static void a_path_that_is_down_is_asked_twice_a_second(void **state)
{
	(void)state;
	begin();
	view.is_down = true;
	view.is_busy = view.is_watched = true;
	view.has_room = false;
	pass(1200);
	EXPECT(0, 500, 1000);
}

static void a_watched_path_is_asked_as_often_as_courtesy_wants(void **state)
{
	(void)state;
	begin();
	view.is_busy = view.is_watched = true;
	view.proven_ms = BEGIN_MS + 100000; /* what flows tell of it is not what is asked for */
	pass(1010);
	EXPECT(0, 250, 500, 750, 1000);
	asking_done(&asking, now_ms); /* one for another reason is as good */
	pass(300);
	EXPECT(1260);
}

static void a_question_that_only_watches_waits_for_its_place(void **state)
{
	(void)state;
	begin();
	view.is_busy = view.is_watched = true;
	pass(100);
	EXPECT(0);
	view.has_room = false;
	pass(700);
	expect(0, NULL);
	view.has_room = true;
	pass(300);
	EXPECT(1000);
}

static void a_path_that_is_watched_more_closely_is_asked_sooner(void **state)
{
	(void)state;
	begin();
	view.is_busy = view.is_watched = true;
	view.watch_ms = 1000;
	pass(400);
	EXPECT(0);
	view.watch_ms = 250;
	asking_sooner(&asking, &view);
	pass(10);
	EXPECT(400);
	view.watch_ms = 1000;
	asking_sooner(&asking, &view); /* less often: not before, and no harm */
	pass(1100);
	EXPECT(1400);
}

/* Doubt that comes of a question, and not of flows, finds the path where it is. */
static void each_doubt_has_a_volley_of_its_own(void **state)
{
	(void)state;
	begin();
	view.is_busy = true;
	for (int i = 0; i < 2; i++) {
		view.is_urgent = true;
		pass(1050);
		view.is_urgent = false;
		view.proven_ms = now_ms;
		pass(2950);
	}
	EXPECT(0, 20, 40, 1040, 3040, 4040, 4060, 4080, 6080, 7080);
}

static void a_watched_path_that_is_new_is_asked_some_times_soon(void **state)
{
	(void)state;
	begin();
	view.is_busy = view.is_watched = true;
	asking_renew(&asking);
	pass(10);
	asking_answered(&asking, now_ms);
	view.watch_ms = 1000;
	asking_sooner(&asking, &view);
	pass(150);
	EXPECT(0, 110);
}

/* Neither an answer that was waited for nor a change of what is watched makes it look for nothing.
 */
static void what_changes_nothing_is_no_reason_to_look(void **state)
{
	uint64_t look_ms;

	(void)state;
	begin();
	pass(2500);
	look_ms = asking.look_ms;
	asking_answered(&asking, now_ms);
	asking_sooner(&asking, &view);
	assert_int_equal(asking.look_ms, look_ms);
}

/* Time that was spent elsewhere is not made up for. */
static void what_comes_late_is_asked_once(void **state)
{
	(void)state;
	begin();
	view.is_busy = view.is_watched = true;
	pass(0);
	now_ms += 3000;
	pass(0);
	pass(260);
	EXPECT(0, 3000, 3250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_that_nobody_uses_is_asked_seldom),
		cmocka_unit_test(while_flows_move_it_is_asked_unless_they_tell),
		cmocka_unit_test(a_new_path_is_asked_some_times_soon),
		cmocka_unit_test(a_path_in_doubt_is_asked_by_a_volley_and_often_after_it),
		cmocka_unit_test(a_volley_over_a_watched_path_is_followed_by_a_pause),
		cmocka_unit_test(a_path_that_is_down_is_asked_twice_a_second),
		cmocka_unit_test(a_watched_path_is_asked_as_often_as_courtesy_wants),
		cmocka_unit_test(a_question_that_only_watches_waits_for_its_place),
		cmocka_unit_test(a_path_that_is_watched_more_closely_is_asked_sooner),
		cmocka_unit_test(each_doubt_has_a_volley_of_its_own),
		cmocka_unit_test(a_watched_path_that_is_new_is_asked_some_times_soon),
		cmocka_unit_test(what_changes_nothing_is_no_reason_to_look),
		cmocka_unit_test(what_comes_late_is_asked_once),
	};

	RUN_SUITE(tests);
}
