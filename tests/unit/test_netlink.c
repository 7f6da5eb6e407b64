/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Netlink's messages: what is put into a request is found in it, and what is cut short is not. */
#include "suite.h"

#include "kernel/netlink.h"

#include <errno.h>
#include <linux/genetlink.h>
#include <string.h>

enum { NUMBER8 = 1, NUMBER16, NUMBER32, TEXT, NEST, ADDRESS, MOST };

static struct nlmsghdr *build(struct netlink_request *request)
{
	const struct address address = {.family = AF_INET, .ip = {192, 0, 2, 1}};
	struct nlmsghdr *message = netlink_prepare(request, 77, NLM_F_CREATE);
	struct genlmsghdr *header = netlink_extend(message, sizeof(*header));
	struct nlattr *nest;

	header->cmd = 9;
	netlink_put_u8(message, NUMBER8, 0x12);
	netlink_put_u16(message, NUMBER16, 0x1234);
	netlink_put_u32(message, NUMBER32, 0x12345678);
	netlink_put_text(message, TEXT, "wan1");
	nest = netlink_begin_nest(message, NEST);
	netlink_put_address(message, ADDRESS, &address);
	netlink_end_nest(message, nest);
	return message;
}

static void a_request_says_what_was_put_in(void **state)
{
	const struct nlattr *table[MOST + 1], *inner[MOST + 1];
	struct netlink_request request;
	const struct nlmsghdr *message = build(&request);
	const struct genlmsghdr *header = netlink_header(message, sizeof(*header));
	struct address address;

	assert_int_equal(message->nlmsg_type, 77);
	assert_int_equal(message->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE);
	assert_int_equal(message->nlmsg_len, 16 + 4 + 8 + 8 + 8 + 12 + 12);
	assert_int_equal(header->cmd, 9);
	netlink_attributes(message, sizeof(*header), table, MOST);
	assert_null(table[0]);
	assert_null(table[MOST]);
	assert_int_equal(netlink_u8(table[NUMBER8], 0), 0x12);
	assert_int_equal(netlink_u16(table[NUMBER16], 0), 0x1234);
	assert_int_equal(netlink_u32(table[NUMBER32], 0), 0x12345678);
	assert_int_equal(netlink_u32(table[NUMBER16], 5), 5);
	assert_string_equal(netlink_text(table[TEXT]), "wan1");
	assert_int_equal(netlink_value_bytes(table[TEXT]), 5);
	netlink_nested_attributes(table[NEST], inner, MOST);
	address = netlink_address(inner[ADDRESS], AF_INET);
	assert_int_equal(address.family, AF_INET);
	assert_memory_equal(address.ip, "\xc0\x00\x02\x01", 4);
}

/* Whatever the last attribute's length says, nothing behind the end is taken. */
static void what_is_cut_short_is_not_there(void **state)
{
	const struct nlattr *table[MOST + 1];
	struct netlink_request request;
	struct nlmsghdr *message = build(&request);

	message->nlmsg_len -= 4; /* into the nest */
	netlink_attributes(message, sizeof(struct genlmsghdr), table, MOST);
	assert_non_null(table[TEXT]);
	assert_null(table[NEST]);
	message->nlmsg_len = NLMSG_HDRLEN + 2;
	assert_null(netlink_header(message, sizeof(struct genlmsghdr)));
	netlink_attributes(message, sizeof(struct genlmsghdr), table, MOST);
	assert_null(table[NUMBER8]);
}

static int count(const struct nlmsghdr *message, void *context)
{
	(*(unsigned *)context)++;
	return message->nlmsg_type == 77 ? 0 : -EBADMSG;
}

static void an_answer_of_two_messages(void **state)
{
	_Alignas(NLMSG_ALIGNTO) char answer[2 * NETLINK_REQUEST_BYTES];
	struct netlink_request request;
	const struct nlmsghdr *message = build(&request);
	size_t bytes = message->nlmsg_len;
	unsigned n = 0;
	struct netlink_exchange exchange = {.on_message = count, .context = &n};
	int left = (int)(2 * bytes);

	memcpy(answer, &request, bytes);
	memcpy(answer + bytes, &request, bytes);
	netlink_take(&exchange, answer, 2 * bytes);
	assert_int_equal(n, 2);
	netlink_take(&exchange, answer, 2 * bytes - 1);
	assert_int_equal(n, 3);
	assert_int_equal(exchange.error, 0);
	message = netlink_next((const void *)answer, &left);
	assert_ptr_equal(message, answer + bytes);
	assert_true(netlink_has_message(message, left));
	assert_false(netlink_has_message(message, left - 1));
	assert_false(netlink_has_message(message, -4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_says_what_was_put_in),
		cmocka_unit_test(what_is_cut_short_is_not_there),
		cmocka_unit_test(an_answer_of_two_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
