/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/channel.c: what comes may be from a worker that has been taken over. */
#include "suite.h"

#include "daemon/channel.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static int set_up(void **state)
{
	return channel_open(ends);
}

static int tear_down(void **state)
{
	return close(ends[0]) + close(ends[1]);
}

static void a_text_arrives_whole(void **state)
{
	struct message sent = {.type = MESSAGE_LINE, .level = LOG_LEVEL_WARNING};
	struct message got;

	memset(&got, 'x', sizeof(got));
	snprintf(sent.text, sizeof(sent.text), "worker 1: no way to 192.0.2.1");
	assert_int_equal(channel_send(ends[0], &sent), 0);
	assert_int_equal(channel_receive(ends[1], &got), 1);
	assert_int_equal(got.level, LOG_LEVEL_WARNING);
	assert_string_equal(got.text, sent.text);
	assert_int_equal(channel_receive(ends[1], &got), -EAGAIN);
}

static void a_message_without_text_has_an_empty_one(void **state)
{
	struct message sent = {.type = MESSAGE_REFUSED, .call = 257}, got;

	memset(&got, 'x', sizeof(got));
	assert_int_equal(channel_send(ends[0], &sent), 0);
	assert_int_equal(channel_receive(ends[1], &got), 1);
	assert_int_equal(got.call, 257);
	assert_string_equal(got.text, "");
}

static void a_text_without_end_is_ended(void **state)
{
	struct message sent, got;

	memset(&sent, 'x', sizeof(sent));
	assert_int_equal(send(ends[0], &sent, sizeof(sent), 0), sizeof(sent));
	assert_int_equal(channel_receive(ends[1], &got), 1);
	assert_int_equal(strnlen(got.text, sizeof(got.text)), CHANNEL_TEXT_BYTES - 1);
}

static void half_a_message_is_none(void **state)
{
	struct message got;

	assert_int_equal(send(ends[0], "abc", 3, 0), 3);
	assert_int_equal(channel_receive(ends[1], &got), -EPROTO);
}

/* Each version has to understand it. */
static void the_order_to_leave_is_one_byte(void **state)
{
	struct message got;
	char byte;

	assert_int_equal(channel_send_drain(ends[0]), 0);
	assert_int_equal(recv(ends[1], &byte, 1, MSG_PEEK | MSG_TRUNC), 1);
	assert_int_equal(byte, 'd');
	assert_int_equal(channel_receive(ends[1], &got), 1);
	assert_int_equal(got.type, MESSAGE_DRAIN);
	assert_int_equal(send(ends[0], "e", 1, 0), 1);
	assert_int_equal(channel_receive(ends[1], &got), -EPROTO);
}

static void the_end_is_told(void **state)
{
	struct message got;

	shutdown(ends[0], SHUT_RDWR);
	assert_int_equal(channel_receive(ends[1], &got), 0);
}

#define WITH_CHANNEL(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CHANNEL(a_text_arrives_whole),
		WITH_CHANNEL(a_message_without_text_has_an_empty_one),
		WITH_CHANNEL(a_text_without_end_is_ended),
		WITH_CHANNEL(half_a_message_is_none),
		WITH_CHANNEL(the_order_to_leave_is_one_byte),
		WITH_CHANNEL(the_end_is_told),
	};

	RUN_SUITE(tests);
}
