/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/question.c and rendezvous.c: what may be asked, and under which name. */
#include "suite.h"

#include "daemon/question.h"
#include "daemon/rendezvous.h"

#include <string.h>

static enum question_verdict parse(const char *text, struct question *out)
{
	return question_parse(text, strlen(text), out);
}

static void the_questions_are_known(void **state)
{
	struct question question = {.has_flows = true};

	assert_int_equal(parse("status\n", &question), QUESTION_KNOWN);
	assert_false(question.has_flows);
	assert_int_equal(parse("status flows\n", &question), QUESTION_KNOWN);
	assert_true(question.has_flows);
	assert_int_equal(parse("  status\t \r\n", &question), QUESTION_KNOWN);
	assert_false(question.has_flows);
	assert_int_equal(parse("status\nrubbish", &question), QUESTION_KNOWN);
	assert_false(question.is_reload);
	assert_int_equal(parse("reload\n", &question), QUESTION_KNOWN);
	assert_true(question.is_reload && !question.has_flows);
}

static void what_is_formatted_is_known(void **state)
{
	for (int has_flows = 0; has_flows < 2; has_flows++) {
		struct question question = {.has_flows = has_flows}, again = {0};
		char text[QUESTION_BYTES];
		size_t length = question_format(&question, text);

		assert_int_equal(question_parse(text, length, &again), QUESTION_KNOWN);
		assert_int_equal(again.has_flows, has_flows);
	}
}

static void a_reload_is_formatted(void **state)
{
	const struct question question = {.is_reload = true, .has_flows = true};
	char text[QUESTION_BYTES];

	assert_int_equal(question_format(&question, text), 7);
	assert_string_equal(text, "reload\n");
}

static void a_line_without_its_end_is_partial(void **state)
{
	struct question question = {.has_flows = true};

	assert_int_equal(parse("", &question), QUESTION_PARTIAL);
	assert_int_equal(parse("status", &question), QUESTION_PARTIAL);
	assert_int_equal(question_parse("status\n", 6, &question), QUESTION_PARTIAL);
	assert_true(question.has_flows);
}

static void other_lines_are_unknown(void **state)
{
	static const char *const lines[] = {"\n",
					    " \n",
					    "statu\n",
					    "status x\n",
					    "statusflows\n",
					    "flows\n",
					    "GET / HTTP/1.1\n",
					    "STATUS\n",
					    "reload flows\n",
					    "status flow\n"};
	struct question question = {.has_flows = true};
	char endless[QUESTION_BYTES + 1];

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)

		assert_int_equal(parse(lines[i], &question), QUESTION_UNKNOWN);
	memset(endless, ' ', sizeof(endless));
	assert_int_equal(question_parse(endless, QUESTION_BYTES - 1, &question), QUESTION_PARTIAL);
	assert_int_equal(question_parse(endless, QUESTION_BYTES, &question), QUESTION_UNKNOWN);
	assert_int_equal(question_parse(endless, sizeof(endless), &question), QUESTION_UNKNOWN);
	assert_int_equal(question_parse("status\0flows\n", 13, &question), QUESTION_UNKNOWN);
	assert_true(question.has_flows);
}

static void names_are_read(void **state)
{
	struct rendezvous found;

	assert_true(rendezvous_parse("77.client-123.sock", 77, &found));
	assert_int_equal(found.role, CONF_CLIENT);
	assert_int_equal(found.pid, 123);
	assert_string_equal(found.address.sun_path, "/run/mpbridge/77.client-123.sock");
	assert_true(
		rendezvous_parse("18446744073709551615.server-4194304.sock", UINT64_MAX, &found));
	assert_int_equal(found.role, CONF_SERVER);
}

static void other_names_are_not(void **state)
{
	static const char *const names[] = {
		"",
		".",
		"77.0",
		"77.limits",
		"78.client-123.sock",
		"077.client-123.sock",
		"77.client-123",
		"77.client-0123.sock",
		"77.client-+123.sock",
		"77.client--123.sock",
		"77.client-0.sock",
		"77.client-.sock",
		"77.client-99999999999999999999.sock",
		"77.client-123.sock.new",
		"77.clients-123.sock",
		"77.client-123.sock/../x",
	};
	struct rendezvous found;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_false(rendezvous_parse(names[i], 77, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_questions_are_known),
		cmocka_unit_test(what_is_formatted_is_known),
		cmocka_unit_test(a_reload_is_formatted),
		cmocka_unit_test(a_line_without_its_end_is_partial),
		cmocka_unit_test(other_lines_are_unknown),
		cmocka_unit_test(names_are_read),
		cmocka_unit_test(other_names_are_not),
	};

	RUN_SUITE(tests);
}
