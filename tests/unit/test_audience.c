/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/audience.c: what clients say in, what is to be done and what the log says out. */
#include "addresses.h"
#include "suite.h"

#include "base/log.h"
#include "paths/audience.h"

#include <stdio.h>
#include <string.h>

static char said[1024];

static void hear(enum log_level level, const char *text)
{
	size_t length = strlen(said);

	snprintf(said + length, sizeof(said) - length, "%s\n", text);
}

static void assert_said(const char *lines)
{
	assert_string_equal(said, lines);
	said[0] = '\0';
}

static enum announce_step greet(struct audience *audience, enum greeting_kind kind,
				const char *local, const char *about, uint64_t now_ms)
{
	struct address here = ip(local), there = ip(about);

	return audience_greeted(audience, kind, &here, &there, now_ms);
}

/* A change of a role is not worth more than other changes, unless the address is new, too. */
static void roles_are_followed_soon(void **state)
{
	struct audience audience = {0};

	assert_int_equal(greet(&audience, GREETING_SPARE, "10.10.2.2", "10.10.2.1", 1),
			 ANNOUNCE_FOLLOW);
	assert_int_equal(greet(&audience, GREETING_SPARE, "10.10.2.2", "10.10.2.1", 2),
			 ANNOUNCE_NOTHING);
	assert_int_equal(greet(&audience, GREETING_SPARE, "10.10.2.2", "10.10.2.7", 3),
			 ANNOUNCE_FOLLOW_SOON);
	assert_int_equal(greet(&audience, GREETING_USE, "10.10.2.2", "10.10.2.7", 4),
			 ANNOUNCE_FOLLOW_SOON);
	assert_int_equal(greet(&audience, GREETING_BACK, "10.10.2.2", "10.10.2.1", 2000),
			 ANNOUNCE_AGAIN);
	said[0] = '\0';
}

static void lines_of_a_kind_come_once_in_ten_seconds(void **state)
{
	struct audience audience = {0};

	for (uint64_t now_ms = 1; now_ms < 10001; now_ms += 100) {
		greet(&audience, GREETING_SPARE, "10.10.2.2", "10.10.2.1", now_ms);
		greet(&audience, GREETING_USE, "10.10.2.2", "10.10.2.1", now_ms + 1);
		greet(&audience, GREETING_LOST, "10.10.1.2", "10.10.2.2", now_ms + 2);
	}
	assert_said("the client at 10.10.2.1 calls the way to 10.10.2.2 a secondary link\n"
		    "the client at 10.10.2.1 does no more call the way to 10.10.2.2 a secondary "
		    "link\n"
		    "a client does not reach 10.10.2.2 any more\n");
	greet(&audience, GREETING_SPARE, "10.10.2.2", "10.10.2.9", 11000);
	assert_said("the client at 10.10.2.9 calls the way to 10.10.2.2 a secondary link "
		    "(and 1 more like it)\n");
}

static void what_goes_on_in_another_program(void **state)
{
	struct audience before = {0}, audience = {0};
	struct address local = ip("10.10.2.2"), remote = ip("10.10.2.1");

	assert_int_equal(audience_witness(&before, &local, 1), ANNOUNCE_FOLLOW);
	greet(&before, GREETING_SPARE, "10.10.2.2", "10.10.2.1", 1);
	greet(&before, GREETING_LOST, "10.10.1.2", "10.10.2.2", 2);
	audience_continue(&audience, &before, 50000);
	assert_true(announce_is_lost(&audience.announce, &local));
	assert_non_null(spares_find(&audience.spares, &local, &remote));
	assert_int_equal(audience_witness(&audience, &local, 50000), ANNOUNCE_NOTHING);
	said[0] = '\0';
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roles_are_followed_soon),
		cmocka_unit_test(lines_of_a_kind_come_once_in_ten_seconds),
		cmocka_unit_test(what_goes_on_in_another_program),
	};

	log_use_sink(hear);
	RUN_SUITE(tests);
}
