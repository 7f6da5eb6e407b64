/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/ledger.c and paths/limits.c: what we made as text and back; whose the limits are. */
#include "suite.h"

#include "paths/ledger.h"
#include "paths/limits.h"

#include <errno.h>
#include <string.h>

#define FULL                                                                                       \
	"endpoint 10.10.1.1 255 1 0\n"                                                             \
	"endpoint fd00::1 254 2 7\n"                                                               \
	"limits before 2 0 set 8 1\n"

static void text_and_back(void **state)
{
	char text[LEDGER_BYTES];
	struct ledger ledger = {0};
	unsigned line = 0;

	assert_true(ledger_parse(FULL, &ledger, &line));
	assert_int_equal(ledger.endpoints.n, 2);
	assert_int_equal(ledger.endpoints.item[1].id, 254);
	assert_int_equal(ledger.endpoints.item[1].flags, MPTCP_PM_SUBFLOW);
	assert_int_equal(ledger.endpoints.item[1].ifindex, 7);
	assert_true(ledger.limits.is_raised);
	assert_int_equal(ledger.limits.before.subflows, 2);
	assert_int_equal(ledger.limits.set.add_addr_accepted, 1);
	assert_int_equal(ledger_format(&ledger, text, sizeof(text)), strlen(FULL));
	assert_string_equal(text, FULL);
	ledger_exit(&ledger);
}

static void empty_text_is_an_empty_ledger(void **state)
{
	struct ledger ledger = {0};
	char text[8];
	unsigned line;

	assert_true(ledger_parse("", &ledger, &line));
	assert_true(ledger_is_empty(&ledger));
	assert_int_equal(ledger_format(&ledger, text, sizeof(text)), 0);
	assert_string_equal(text, "");
}

static void text_that_does_not_fit(void **state)
{
	struct ledger ledger = {0};
	char text[sizeof(FULL)];
	unsigned line;

	assert_true(ledger_parse(FULL, &ledger, &line));
	assert_int_equal(ledger_format(&ledger, text, sizeof(text) - 1), -ENOSPC);
	assert_int_equal(ledger_format(&ledger, text, 3), -ENOSPC);
	assert_int_equal(ledger_format(&ledger, text, sizeof(text)), sizeof(text) - 1);
	ledger_exit(&ledger);
}

static void mistakes_are_found_and_leave_no_trace(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} cases[] = {
		{"endpoint 10.10.1.1 255 1 0", 1}, /* no end of line: half written */
		{"\n", 1},
		{"endpoint\n", 1},
		{"endpoint 10.10.1 255 1 0\n", 1},
		{"endpoint 10.10.1.1 0 1 0\n", 1},
		{"endpoint 10.10.1.1 256 1 0\n", 1},
		{"endpoint 10.10.1.1 255 4294967296 0\n", 1},
		{"endpoint 10.10.1.1 255 1 -1\n", 1},
		{"endpoint 10.10.1.1 255 1\n", 1},
		{"endpoint 10.10.1.1 255 1 0 \n", 1},
		{"endpoint 10.10.1.1  255 1 0\n", 1},
		{"endpoint 1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111 1 1 1\n", 1},
		{FULL "limits before 2 0 set 8 1\n", 4},
		{"endpoint 10.10.1.1 255 1 0\nlimits before 2 0 set 9 1\n", 2},
		{"limits before 2 0 8 1\n", 1},
		{"route 10.0.0.0/8\n", 1},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ledger ledger = {0};
		unsigned line = 0;

		assert_false(ledger_parse(cases[i].text, &ledger, &line));
		assert_int_equal(line, cases[i].line);
		assert_true(ledger_is_empty(&ledger));
	}
}

static void endpoints_come_and_go(void **state)
{
	struct mptcp_endpoint one = {.address = {.family = 2, .ip = {10, 0, 0, 1}}, .id = 255};
	struct mptcp_endpoint two = {.address = {.family = 2, .ip = {10, 0, 0, 2}}, .id = 254};
	struct mptcp_endpoint other = one;
	struct ledger ledger = {0};

	other.id = 9;
	assert_int_equal(ledger_add(&ledger, &one), 0);
	assert_int_equal(ledger_add(&ledger, &two), 0);
	assert_false(ledger_remove(&ledger, &other));
	assert_int_equal(ledger.endpoints.n, 2);
	assert_true(ledger_remove(&ledger, &one));
	assert_int_equal(ledger.endpoints.n, 1);
	assert_int_equal(ledger.endpoints.item[0].id, 254);
	assert_true(ledger_remove(&ledger, &two));
	assert_true(ledger_is_empty(&ledger));
	ledger_exit(&ledger);
}

/* ---- limits ---- */

static void limits_go_back_to_the_first_before(void **state)
{
	struct mptcp_limits found = {2, 0}, by_a = {3, 1}, by_b = {4, 1};
	struct ledger_limits shared = {0};

	assert_false(limits_are_ours(&shared, &found));
	limits_note(&shared, &found, &by_a);
	assert_true(limits_are_ours(&shared, &by_a));
	limits_note(&shared, &by_a, &by_b);
	assert_true(limits_are_ours(&shared, &by_b));
	assert_int_equal(shared.before.subflows, 2);
	assert_int_equal(shared.before.add_addr_accepted, 0);
}

static void limits_that_others_changed_are_theirs(void **state)
{
	struct mptcp_limits found = {2, 0}, ours = {3, 1}, theirs = {5, 0}, more = {8, 1};
	struct ledger_limits shared = {0};

	limits_note(&shared, &found, &ours);
	assert_false(limits_are_ours(&shared, &theirs));
	limits_note(&shared, &theirs, &more);
	assert_true(limits_are_ours(&shared, &more));
	assert_int_equal(shared.before.subflows, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_back),
		cmocka_unit_test(empty_text_is_an_empty_ledger),
		cmocka_unit_test(text_that_does_not_fit),
		cmocka_unit_test(mistakes_are_found_and_leave_no_trace),
		cmocka_unit_test(endpoints_come_and_go),
		cmocka_unit_test(limits_go_back_to_the_first_before),
		cmocka_unit_test(limits_that_others_changed_are_theirs),
	};

	RUN_SUITE(tests);
}
