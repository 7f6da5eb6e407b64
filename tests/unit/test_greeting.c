/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadowsocks/greeting.c: what is written is read; anything else is no greeting. */
#include "suite.h"

#include "shadowsocks/greeting.h"

#include <string.h>

static struct target parsed(const uint8_t *bytes, size_t length)
{
	struct target target = {0};

	assert_int_equal(target_parse(bytes, length, &target), length);
	return target;
}

static void reads_what_it_writes(void **state)
{
	static const char *const ips[] = {"10.10.2.2", "fd00:10:2::2", "255.0.1.254"};
	uint8_t bytes[TARGET_HEADER_BYTES];

	for (int kind = GREETING_USE; kind <= GREETING_LOST; kind++) {
		for (size_t i = 0; i < 3; i++) {
			enum greeting_kind got = GREETING_PROBE;
			struct address lost, about;
			struct target target;

			assert_true(address_parse(ips[i], &lost));
			target = parsed(bytes, greeting_write(kind, &lost, bytes));
			assert_true(greeting_parse(&target, &got, &about));
			assert_int_equal(got, kind);
			if (kind == GREETING_LOST)
				assert_true(address_equal(&about, &lost));
			else
				assert_int_equal(about.family, 0);
		}
	}
}

static void the_old_name_is_a_greeting(void **state)
{
	struct target target = {.name = "greeting.mpbridge.invalid"};
	enum greeting_kind kind;
	struct address about;

	assert_true(greeting_parse(&target, &kind, &about));
	assert_int_equal(kind, GREETING_USE);
}

static void refuses_the_rest(void **state)
{
	static const char *const names[] = {
		"",
		"a.nl",
		".mpbridge.invalid",
		"mpbridge.invalid",
		"greetings.mpbridge.invalid",
		"greeting-0a0a0202.mpbridge.invalid",
		"probe.mpbridge.invalid.",
		"lost.mpbridge.invalid",
		"lost-.mpbridge.invalid",
		"lost-0a0a02.mpbridge.invalid",
		"lost-0a0a020.mpbridge.invalid",
		"lost-0a0a02022.mpbridge.invalid",
		"lost-0a0a020g.mpbridge.invalid",
		"lost-0A0A0202.mpbridge.invalid",
		"lost-0a0a0202x.mpbridge.invalid",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct target target = {0};
		enum greeting_kind kind = GREETING_BACK;
		struct address about = {.port = 7};

		strcpy(target.name, names[i]);
		assert_false(greeting_parse(&target, &kind, &about));
		assert_int_equal(kind, GREETING_BACK);
		assert_int_equal(about.port, 7);
	}
}

static void answers_with_instance_and_age(void **state)
{
	const struct greeting_answer answer = {.instance = 0x0123456789abcdef, .age_ms = 0xfedc};
	uint8_t bytes[GREETING_ANSWER_BYTES];
	struct greeting_answer got;

	greeting_write_answer(&answer, bytes);
	assert_int_equal(bytes[0], 0x01);
	assert_int_equal(bytes[7], 0xef);
	assert_int_equal(bytes[8], 0);
	assert_int_equal(bytes[14], 0xfe);
	assert_int_equal(bytes[16] | bytes[19] | bytes[23], 0);
	got = greeting_read_answer(bytes, sizeof(bytes));
	assert_true(got.instance == answer.instance && got.age_ms == answer.age_ms);
	assert_true(!got.is_spare && !got.has_scavenger && got.yields_ms == 0);
}

static void answers_of_the_path(void **state)
{
	const struct greeting_answer answer = {7, 8, true, false, 0x10203};
	const struct greeting_answer other = {7, 8, false, true, 0};
	uint8_t bytes[GREETING_ANSWER_BYTES];
	struct greeting_answer got;

	greeting_write_answer(&answer, bytes);
	assert_int_equal(bytes[19], 1);
	assert_int_equal(bytes[21], 1);
	assert_int_equal(bytes[23], 3);
	got = greeting_read_answer(bytes, sizeof(bytes));
	assert_true(got.is_spare && !got.has_scavenger && got.yields_ms == answer.yields_ms);
	greeting_write_answer(&other, bytes);
	assert_int_equal(bytes[19], 2);
	got = greeting_read_answer(bytes, sizeof(bytes));
	assert_true(!got.is_spare && got.has_scavenger && got.yields_ms == 0);
	memset(bytes + GREETING_ANSWER_LEAST, 0xff, sizeof(bytes) - GREETING_ANSWER_LEAST);
	got = greeting_read_answer(bytes, GREETING_ANSWER_LEAST);
	assert_true(got.instance == 7 && got.age_ms == 8 && !got.is_spare && !got.has_scavenger &&
		    got.yields_ms == 0);
}

static void knows_its_domain(void **state)
{
	assert_true(greeting_has_domain("probe.mpbridge.invalid"));
	assert_true(greeting_has_domain("NEW.MPbridge.Invalid."));
	assert_false(greeting_has_domain("mpbridge.invalid.test"));
	assert_false(greeting_has_domain("ampbridge.invalid"));
	assert_false(greeting_has_domain("."));
	assert_false(greeting_has_domain(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_writes),
		cmocka_unit_test(the_old_name_is_a_greeting),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(answers_with_instance_and_age),
		cmocka_unit_test(answers_of_the_path),
		cmocka_unit_test(knows_its_domain),
	};

	RUN_SUITE(tests);
}
