/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/tables.c: a path keeps its table as long as it is there. */
#include "world.h"

#include "paths/tables.h"

#define SLOT 3

static void add(struct paths *paths, const char *interface, const char *local)
{
	struct path *path = &paths->path[paths->n++];

	*path = (struct path){.local = world_ip(local)};
	strcpy(path->interface, interface);
}

static void tables_are_given_in_order(void **state)
{
	uint32_t numbers[BOARD_PATHS_MAX];
	struct tables tables = {0};
	struct paths paths = {0};

	add(&paths, "wan1", "10.10.1.1");
	add(&paths, "wan1", "fd00::1");
	tables_assign(&tables, &paths, SLOT, numbers);
	assert_int_equal(numbers[0], slot_table(SLOT, 0));
	assert_int_equal(numbers[1], slot_table(SLOT, 1));
}

static void table_stays_when_another_path_goes(void **state)
{
	uint32_t numbers[BOARD_PATHS_MAX];
	struct tables tables = {0};
	struct paths both = {0}, second = {0}, three = {0};

	add(&both, "wan1", "10.10.1.1");
	add(&both, "wan2", "10.10.2.1");
	add(&second, "wan2", "10.10.2.1");
	add(&three, "wan3", "10.10.3.1");
	add(&three, "wan2", "10.10.2.1");
	add(&three, "wan1", "10.10.1.1");
	tables_assign(&tables, &both, SLOT, numbers);
	tables_assign(&tables, &second, SLOT, numbers);
	assert_int_equal(numbers[0], slot_table(SLOT, 1));
	tables_assign(&tables, &three, SLOT, numbers);
	assert_int_equal(numbers[0], slot_table(SLOT, 0));
	assert_int_equal(numbers[1], slot_table(SLOT, 1));
	assert_int_equal(numbers[2], slot_table(SLOT, 2));
}

static void two_routers_by_one_address_have_two_tables(void **state)
{
	uint32_t numbers[BOARD_PATHS_MAX];
	struct tables tables = {0};
	struct paths paths = {0};

	add(&paths, "wan1", "10.10.1.1");
	add(&paths, "wan1", "10.10.1.1");
	paths.path[1].router = 1;
	tables_assign(&tables, &paths, SLOT, numbers);
	assert_int_equal(numbers[0], slot_table(SLOT, 0));
	assert_int_equal(numbers[1], slot_table(SLOT, 1));
	assert_int_equal(tables_place(&tables, &paths.path[1]), 1);
	paths.path[0] = paths.path[1];
	paths.n = 1;
	tables_assign(&tables, &paths, SLOT, numbers);
	assert_int_equal(numbers[0], slot_table(SLOT, 1));
}

static void slots_do_not_overlap(void **state)
{
	for (unsigned slot = 0; slot < SLOT_MAX; slot++) {
		assert_true(slot_owns_table(slot, slot_table(slot, 0)));
		assert_true(slot_owns_table(slot, slot_table(slot, SLOT_TABLES - 1)));
		assert_false(slot_owns_table(slot, slot_table(slot, SLOT_TABLES)));
		assert_true(slot_is_our_table(slot_table(slot, SLOT_TABLES - 1)));
		assert_true(slot_bound_priority(slot) < slot_unbound_priority(slot));
		assert_true(slot_unbound_priority(slot) < slot_bound_priority(slot + 1));
	}
	assert_false(slot_is_our_table(slot_table(SLOT_MAX, 0)));
	assert_false(slot_is_our_table(slot_table(0, 0) - 1));
	assert_false(slot_is_our_table(RT_TABLE_MAIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_given_in_order),
		cmocka_unit_test(table_stays_when_another_path_goes),
		cmocka_unit_test(two_routers_by_one_address_have_two_tables),
		cmocka_unit_test(slots_do_not_overlap),
	};

	RUN_SUITE(tests);
}
