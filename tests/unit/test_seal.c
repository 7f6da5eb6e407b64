/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/seal.c: what has become of the host when a client's request is made */
#include "suite.h"

#include "kernel/socket.h"
#include "relay/dialog.h"
#include "relay/seal.h"

#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_MS 5000

static const uint8_t master[AEAD_KEY_MAX] = {1, 2, 3};

/* host -> [from  lane  to] -> peer */
struct rig {
	struct codec codec;
	struct dialog *dialog;
	struct lane lane;
	struct side from, to;
	int host, peer;
	struct buffer_pool buffers;
	struct salts salts;
	struct lane_pools pools;
};

/* A connection over loopback: a socket pair tells of no reset. */
static void connect_pair(int *outer, struct side *side)
{
	const uint8_t loopback[4] = {127, 0, 0, 1};
	struct address address = address_from_bytes(AF_INET, loopback);
	int listener = socket_listen(SOCKET_TCP, &address, false, false);
	struct pollfd ready = {.fd = listener, .events = POLLIN};

	assert_true(listener >= 0);
	address = socket_local_address(listener);
	*outer = socket_open(SOCKET_TCP, AF_INET);
	assert_int_equal(socket_connect(*outer, false, NULL, &address), 0);
	assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	*side = (struct side){.watch.fd = socket_accept(listener, &address),
			      .is_readable = true,
			      .is_writable = true};
	assert_true(side->watch.fd >= 0);
	close(listener);
}

static void rig_init(struct rig *rig, const char *method)
{
	memset(rig, 0, sizeof(*rig));
	assert_int_equal(crypto_init(), 0);
	assert_int_equal(codec_init(&rig->codec, method_find(method), master, false), 0);
	rig->dialog = dialog_new(&rig->codec);
	assert_non_null(rig->dialog);
	connect_pair(&rig->host, &rig->from);
	connect_pair(&rig->peer, &rig->to);
	buffer_pool_init(&rig->buffers);
	rig->salts = (struct salts){
		.store = mmap(NULL, salts_store_bytes(1), PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
		.n_tables = 1,
	};
	rig->pools = (struct lane_pools){.buffers = &rig->buffers, .salts = &rig->salts};
	lane_init(&rig->lane, LANE_COPY);
}

static void rig_exit(struct rig *rig)
{
	lane_discard(&rig->lane, &rig->pools);
	buffer_pool_exit(&rig->buffers);
	munmap(rig->salts.store, salts_store_bytes(1));
	dialog_free(rig->dialog);
	codec_exit(&rig->codec);
	close(rig->from.watch.fd);
	close(rig->to.watch.fd);
	close(rig->peer);
}

static void wait_for(int fd, short events)
{
	struct pollfd ready = {.fd = fd, .events = events};

	assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
	assert_true(ready.revents & events);
}

static void make_request(struct rig *rig)
{
	const uint8_t header[] = {1, 127, 0, 0, 1, 0, 80};

	assert_int_equal(seal_request(&rig->lane, &rig->dialog->sealer, rig->from.watch.fd, header,
				      sizeof(header), &rig->pools),
			 0);
}

static enum lane_result forward(struct rig *rig)
{
	return lane_forward(&rig->lane, &rig->from, &rig->to, &rig->pools);
}

static void for_each_method(void (*run)(const char *method))
{
	for (const struct method *method = method_table; method->name; method++)
		if (method->format != METHOD_PLAIN)
			run(method->name);
}

static void reset_with(const char *method)
{
	struct rig rig;

	rig_init(&rig, method);
	close(rig.host); /* with a reset, see socket_open() */
	wait_for(rig.from.watch.fd, POLLRDHUP | POLLHUP);
	make_request(&rig);
	assert_int_equal(forward(&rig), LANE_SOURCE_RESET);
	assert_true(rig.lane.bytes > 0); /* the request */
	rig_exit(&rig);
}

static void reset_stays_a_reset(void **state)
{
	for_each_method(reset_with);
}

static void end_with(const char *method)
{
	uint8_t bytes[4096];
	struct rig rig;

	rig_init(&rig, method);
	assert_int_equal(send(rig.host, "early", 5, 0), 5);
	socket_end_cleanly(rig.host);
	close(rig.host);
	wait_for(rig.from.watch.fd, POLLRDHUP);
	make_request(&rig);
	assert_int_equal(forward(&rig), LANE_DONE);
	wait_for(rig.peer, POLLRDHUP);
	assert_in_range(recv(rig.peer, bytes, sizeof(bytes), 0), 5, sizeof(bytes));
	assert_int_equal(recv(rig.peer, bytes, sizeof(bytes), 0), 0);
	rig_exit(&rig);
}

static void end_stays_an_end(void **state)
{
	for_each_method(end_with);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reset_stays_a_reset),
		cmocka_unit_test(end_stays_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
