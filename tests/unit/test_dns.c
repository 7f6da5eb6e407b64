/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/dns.c: questions to name servers, and what comes back. */
#include "suite.h"

#include "relay/dns.h"

#include <string.h>

#define ID 0x1234
#define QUESTION                                                                                   \
	"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"                                         \
	"\x01"                                                                                     \
	"a\x04test\x00\x00\x01\x00\x01"
/* the same with the flags and the number of records of an answer */
#define ANSWER(flags, records)                                                                     \
	"\x12\x34" flags "\x00\x01\x00" records "\x00\x00\x00\x00"                                 \
	"\x01"                                                                                     \
	"A\x04TEST\x00\x00\x01\x00\x01"
#define OK     "\x81\x80"
#define RECORD "\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04"
#define ALIAS                                                                                      \
	"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01"                                     \
	"b\xc0\x0e"
#define BEHIND                                                                                     \
	"\x01"                                                                                     \
	"b\x04test\x00\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04"
#define N(text) (sizeof(text) - 1)

static struct address found[3];
static unsigned n_found;

static enum dns_answer read_bytes(const char *message, size_t bytes)
{
	const struct dns_question question = dns_ask("a.test", AF_INET, ID);

	n_found = 0;
	return dns_read((const uint8_t *)message, bytes, &question, found, 3, &n_found);
}

#define read_text(text) read_bytes(text, N(text))

static void assert_found(unsigned i, const char *ip)
{
	char text[ADDRESS_TEXT_BYTES];

	assert_true(i < n_found);
	assert_string_equal(address_format_ip(&found[i], text), ip);
}

static void asks(void **state)
{
	struct dns_question question = dns_ask("a.test", AF_INET, ID);

	assert_int_equal(question.bytes, N(QUESTION));
	assert_memory_equal(question.message, QUESTION, N(QUESTION));
	question = dns_ask("a.test.", AF_INET, ID); /* absolute in any case */
	assert_int_equal(question.bytes, N(QUESTION));
	assert_memory_equal(question.message, QUESTION, N(QUESTION));
	question = dns_ask("a.test", AF_INET6, ID);
	assert_int_equal(question.message[N(QUESTION) - 3], 28);
}

static void asks_for_no_more_than_a_name_can_be(void **state)
{
	char name[300];

	memset(name, 'x', sizeof(name));
	for (size_t i = 63; i < sizeof(name); i += 64)
		name[i] = '.';
	name[253] = '\0'; /* with a length in front and an empty label behind it is 255 */
	assert_int_equal(dns_ask(name, AF_INET, ID).bytes, DNS_QUESTION_BYTES);
	name[253] = 'x';
	name[254] = '\0';
	assert_int_equal(dns_ask(name, AF_INET, ID).bytes, 0);
	assert_int_equal(dns_ask("", AF_INET, ID).bytes, 0);
	assert_int_equal(dns_ask("a..test", AF_INET, ID).bytes, 0);
	memset(name, 'x', 64);
	name[64] = '\0';
	assert_int_equal(dns_ask(name, AF_INET, ID).bytes, 0);
	name[63] = '\0';
	assert_int_equal(dns_ask(name, AF_INET, ID).bytes, 12 + 1 + 63 + 1 + 4);
}

static void reads_addresses(void **state)
{
	assert_int_equal(
		read_text(ANSWER(OK, "\x02") RECORD "\xc0\x00\x02\x01" RECORD "\xc0\x00\x02\x02"),
		DNS_ADDRESSES);
	assert_int_equal(n_found, 2);
	assert_found(0, "192.0.2.1");
	assert_found(1, "192.0.2.2");
	assert_int_equal(read_text(ANSWER(OK, "\x00")), DNS_ADDRESSES);
	assert_int_equal(n_found, 0);
}

static void reads_what_is_behind_an_alias(void **state)
{
	assert_int_equal(read_text(ANSWER(OK, "\x02") ALIAS BEHIND "\xc0\x00\x02\x01"),
			 DNS_ADDRESSES);
	assert_int_equal(n_found, 1);
	assert_found(0, "192.0.2.1");
}

static void reads_ipv6(void **state)
{
	static const char answer[] =
		"\x12\x34" OK "\x00\x01\x00\x01\x00\x00\x00\x00\x01"
		"a\x04test\x00\x00\x1c\x00\x01\xc0\x0c\x00\x1c\x00\x01\x00\x00\x00\x3c\x00\x10"
		"\xfd\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01";
	const struct dns_question question = dns_ask("a.test", AF_INET6, ID);

	assert_int_equal(
		dns_read((const uint8_t *)answer, N(answer), &question, found, 3, &n_found),
		DNS_ADDRESSES);
	assert_int_equal(n_found, 1);
	assert_found(0, "fd00::1");
}

static void takes_no_more_than_there_is_room_for(void **state)
{
#define ONE RECORD "\xc0\x00\x02\x01"
	assert_int_equal(read_text(ANSWER(OK, "\x04") ONE ONE ONE ONE), DNS_ADDRESSES);
	assert_int_equal(n_found, 3);
}

/* Every length of a good answer, from a buffer of that length. */
static void reads_nothing_behind_the_end(void **state)
{
	static const char answer[] = ANSWER(OK, "\x02") ALIAS BEHIND "\xc0\x00\x02\x01";

	for (size_t bytes = 0; bytes < N(answer); bytes++) {
		char *cut = test_malloc(bytes + 1);

		memcpy(cut, answer, bytes);
		read_bytes(cut, bytes);
		assert_int_equal(n_found, 0);
		test_free(cut);
	}
}

static void tells_answers_from_others(void **state)
{
	assert_int_equal(read_text(QUESTION), DNS_OTHER);
	assert_int_equal(read_text("\x12\x34\xff\xff"), DNS_OTHER);
	assert_int_equal(read_text("\x12\x35" OK "\x00\x01\x00\x00\x00\x00\x00\x00\x01"
				   "a\x04test\x00\x00\x01\x00\x01"),
			 DNS_OTHER);
	assert_int_equal(read_text("\x12\x34" OK "\x00\x01\x00\x00\x00\x00\x00\x00\x01"
				   "b\x04test\x00\x00\x01\x00\x01"),
			 DNS_OTHER);
	assert_int_equal(read_text("\x12\x34" OK "\x00\x01\x00\x00\x00\x00\x00\x00\x01"
				   "a\x04test\x00\x00\x1c\x00\x01"),
			 DNS_OTHER);
}

static void tells_why_there_is_none(void **state)
{
	assert_int_equal(read_text(ANSWER("\x81\x83", "\x00")), DNS_NO_NAME);
	assert_int_equal(read_text(ANSWER("\x81\x82", "\x00")), DNS_FAILED);
	assert_int_equal(read_text(ANSWER("\x81\x85", "\x00")), DNS_FAILED);
	assert_int_equal(read_text(ANSWER("\x83\x80", "\x00")), DNS_CUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks),
		cmocka_unit_test(asks_for_no_more_than_a_name_can_be),
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(reads_what_is_behind_an_alias),
		cmocka_unit_test(reads_ipv6),
		cmocka_unit_test(takes_no_more_than_there_is_room_for),
		cmocka_unit_test(reads_nothing_behind_the_end),
		cmocka_unit_test(tells_answers_from_others),
		cmocka_unit_test(tells_why_there_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
