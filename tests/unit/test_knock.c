/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/knock.c and relay/sealed.c: a greeting over loopback takes the answer to itself alone */
#include "suite.h"

#include "base/time.h"
#include "kernel/socket.h"
#include "paths/knock.h"
#include "relay/dialog.h"
#include "relay/flow.h"
#include "relay/sealed.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEADLINE_MS 5000

static const uint8_t master[AEAD_KEY_MAX] = {1, 2, 3};

/* A client that knocks at a server, which is played step by step. */
struct rig {
	struct loop loop;
	struct knock knock;
	struct codec client, server;
	struct relay relay;
	struct flow flow; /* of the server: what sealed_answer() needs of one */
	struct address address;
	int listener, accepted;
	int error;
	uint64_t instance;
	uint8_t greeting[SEALER_FRONT_MAX + SEALER_BACK_MAX];
	size_t greeting_n;
};

static void on_end(struct knock *knock, bool was_established, int error,
		   struct greeting_answer answer)
{
	struct rig *rig = knock->owner;

	rig->error = error;
	rig->instance = answer.instance;
	loop_stop(&rig->loop);
}

static void on_established(struct knock *knock, uint32_t rtt_us)
{
	loop_stop(knock->loop);
}

static void rig_init(struct rig *rig, const char *name)
{
	const struct method *method = method_find(name);
	const uint8_t loopback[4] = {127, 0, 0, 1};

	memset(rig, 0, sizeof(*rig));
	assert_int_equal(crypto_init(), 0);
	assert_int_equal(loop_init(&rig->loop), 0);
	assert_int_equal(codec_init(&rig->client, method, master, false), 0);
	assert_int_equal(codec_init(&rig->server, method, master, true), 0);
	rig->address = address_from_bytes(AF_INET, loopback);
	rig->listener = socket_listen(SOCKET_TCP, &rig->address, false, false);
	assert_true(rig->listener >= 0);
	rig->address = socket_local_address(rig->listener);
	rig->accepted = -1;
	rig->relay.salts = (struct salts){
		.store = mmap(NULL, salts_store_bytes(1), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
		.n_tables = 1,
	};
	rig->relay.pools.salts = &rig->relay.salts;
	rig->flow.relay = &rig->relay;
	knock_init(&rig->knock, &rig->loop, &rig->client);
	rig->knock.owner = rig;
	rig->knock.on_end = on_end;
	rig->knock.on_established = on_established;
}

static void hang_up(struct rig *rig)
{
	dialog_free(rig->flow.dialog);
	rig->flow.dialog = NULL;
	close(rig->accepted);
}

static void rig_exit(struct rig *rig)
{
	knock_stop(&rig->knock);
	close(rig->listener);
	munmap(rig->relay.salts.store, salts_store_bytes(1));
	codec_exit(&rig->client);
	codec_exit(&rig->server);
	loop_exit(&rig->loop);
}

static void run(struct rig *rig)
{
	rig->loop.is_stopping = false;
	assert_int_equal(loop_run(&rig->loop), 0);
}

/* Until the server has the greeting, and has found it to be authentic. */
static void knock(struct rig *rig)
{
	struct knock_way way = {.interface = "lo", .local = rig->address, .server = rig->address};
	struct address peer;
	struct pollfd ready;
	struct opener opener;
	struct opened opened;

	way.local.port = 0;
	rig->loop.now_ms = clock_ms();
	knock_start(&rig->knock, &way, GREETING_PROBE, NULL, DEADLINE_MS);
	ready = (struct pollfd){.fd = rig->listener, .events = POLLIN};
	assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
	rig->accepted = socket_accept(rig->listener, &peer);
	assert_true(rig->accepted >= 0);
	run(rig);
	ready.fd = rig->accepted;
	assert_int_equal(poll(&ready, 1, DEADLINE_MS), 1);
	rig->greeting_n = (size_t)recv(rig->accepted, rig->greeting, sizeof(rig->greeting), 0);
	opener_init(&opener, &rig->server, NULL);
	assert_in_range(opener_need(&opener), 1, rig->greeting_n);
	uint8_t head[OPENER_HEAD_MAX];
	memcpy(head, rig->greeting, opener_need(&opener));
	assert_int_equal(opener_step(&opener, time_unix_s(), head, &opened), 0);
	rig->flow.dialog = dialog_answer(&opener);
	assert_non_null(rig->flow.dialog);
}

static size_t answer(struct rig *rig, uint64_t instance, uint8_t *out)
{
	const struct greeting_answer said = {.instance = instance, .age_ms = 7};
	uint8_t bytes[GREETING_ANSWER_BYTES];
	ssize_t length;

	greeting_write_answer(&said, bytes);
	length = sealed_answer(&rig->flow, bytes, sizeof(bytes), out);
	assert_true(length > 0);
	return (size_t)length;
}

/* The server says this, and ends. */
static void say(struct rig *rig, const uint8_t *bytes, size_t n)
{
	assert_int_equal(send(rig->accepted, bytes, n, 0), n);
	socket_end_cleanly(rig->accepted);
	hang_up(rig);
	run(rig);
	assert_int_equal(rig->error, 0);
}

static void answers_of(const char *name)
{
	uint8_t first[SEALED_ANSWER_MAX], second[SEALED_ANSWER_MAX], greeting[2048];
	size_t n, greeting_n;
	struct rig rig;

	rig_init(&rig, name);
	knock(&rig);
	greeting_n = rig.greeting_n;
	memcpy(greeting, rig.greeting, greeting_n);
	n = answer(&rig, 5, first);
	memcpy(second, first, n);
	say(&rig, first, n);
	assert_int_equal(rig.instance, 5);

	knock(&rig);
	say(&rig, second, n); /* a recording */
	assert_int_equal(rig.instance, 0);
	knock(&rig);
	say(&rig, rig.greeting, rig.greeting_n); /* a mirror */
	assert_int_equal(rig.instance, 0);
	knock(&rig);
	say(&rig, greeting, greeting_n); /* a mirror that is late */
	assert_int_equal(rig.instance, 0);
	knock(&rig);
	say(&rig, second, answer(&rig, 6, second));
	assert_int_equal(rig.instance, 6);
	rig_exit(&rig);
}

static void takes_its_own_answer_alone(void **state)
{
	for (const struct method *method = method_table; method->name; method++)
		if (method->format != METHOD_PLAIN)
			answers_of(method->name);
}

static void answer_of_2017_is_no_request(void **state)
{
	uint8_t bytes[SEALED_ANSWER_MAX];
	struct rig rig;

	rig_init(&rig, "aes-128-gcm");
	knock(&rig);
	answer(&rig, 5, bytes);
	assert_false(salts_remember(&rig.relay.salts, bytes, 16, time_since_boot_s()));
	hang_up(&rig);
	rig_exit(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_its_own_answer_alone),
		cmocka_unit_test(answer_of_2017_is_no_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
