/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/lane.c over socket pairs, with splice() and with copying */
#include "suite.h"

#include "kernel/socket.h"
#include "pattern.h"
#include "relay/lane.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* host -> [from  lane  to] -> peer */
struct rig {
	struct lane lane;
	struct side from, to;
	int host, peer;
	struct budget budget;
	struct pipe_pool pipes;
	struct buffer_pool buffers;
	struct lane_pools pools;
};

static void pair(int *outer, struct side *side)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds),
			 0);
	*outer = fds[0];
	*side = (struct side){.watch.fd = fds[1], .is_readable = true, .is_writable = true};
}

static void rig_init(struct rig *rig, enum lane_mode mode)
{
	memset(rig, 0, sizeof(*rig));
	pair(&rig->host, &rig->from);
	pair(&rig->peer, &rig->to);
	rig->budget = (struct budget){.limit = 100, .available = 100};
	pipe_pool_init(&rig->pipes, &rig->budget);
	buffer_pool_init(&rig->buffers);
	rig->pools = (struct lane_pools){.pipes = &rig->pipes, .buffers = &rig->buffers};
	lane_init(&rig->lane, mode);
}

static void rig_exit(struct rig *rig)
{
	lane_discard(&rig->lane, &rig->pools);
	assert_null(rig->lane.pipe);
	assert_null(rig->lane.buffer);
	pipe_pool_exit(&rig->pipes);
	buffer_pool_exit(&rig->buffers);
	assert_int_equal(rig->budget.available, 100);
	close(rig->host);
	close(rig->peer);
	close(rig->from.watch.fd);
	close(rig->to.watch.fd);
}

/* What epoll's edges would say. */
static enum lane_result step(struct rig *rig)
{
	rig->from.is_readable = rig->to.is_writable = true;
	return lane_forward(&rig->lane, &rig->from, &rig->to, &rig->pools);
}

static size_t write_some(int fd, size_t at, size_t most)
{
	return write_pattern(fd, at, most, 5000);
}

static size_t read_some(int fd, size_t at)
{
	return read_pattern(fd, at, 5000);
}

/* Every byte once, in order, with a reader that is slower than the writer; then the end. */
static void carry(enum lane_mode mode)
{
	const size_t total = 3000000;
	size_t sent = 0, received = 0;
	enum lane_result result = LANE_BLOCKED;
	struct rig rig;

	rig_init(&rig, mode);
	srand(2);
	while (received < total) {
		for (int i = rand() % 8; i > 0 && sent < total; i--)
			sent += write_some(rig.host, sent, total - sent);
		if (sent == total)
			shutdown(rig.host, SHUT_WR);
		result = step(&rig);
		for (int i = rand() % 4; i > 0; i--)
			received += read_some(rig.peer, received);
	}
	for (int i = 0; i < 10 && result != LANE_DONE; i++)
		result = step(&rig);
	assert_int_equal(result, LANE_DONE);
	assert_int_equal(rig.lane.bytes, total);
	assert_int_equal(recv(rig.peer, &sent, 1, 0), 0);
	rig_exit(&rig);
}

static void carries_by_splice(void **state)
{
	(void)state;
	carry(LANE_SPLICE);
}

static void carries_by_copying(void **state)
{
	(void)state;
	carry(LANE_COPY);
}

static void both_modes(void (*test)(enum lane_mode mode))
{
	test(LANE_SPLICE);
	test(LANE_COPY);
}

static void check_idle_holds_nothing(enum lane_mode mode)
{
	struct rig rig;

	rig_init(&rig, mode);
	assert_int_equal(step(&rig), LANE_BLOCKED);
	assert_null(rig.lane.pipe);
	assert_null(rig.lane.buffer);
	assert_false(rig.from.is_readable);
	assert_int_equal(send(rig.host, "x", 1, 0), 1);
	assert_int_equal(step(&rig), LANE_BLOCKED);
	assert_int_equal(rig.lane.bytes, 1);
	assert_null(rig.lane.pipe);
	assert_null(rig.lane.buffer);
	rig_exit(&rig);
}

static void idle_holds_nothing(void **state)
{
	(void)state;
	both_modes(check_idle_holds_nothing);
}

/* A destination that does not read stops the reading: what is held is bounded. */
static void check_slow_reader(enum lane_mode mode)
{
	size_t sent = 0, before;
	struct rig rig;

	rig_init(&rig, mode);
	do {
		before = sent;
		sent += write_some(rig.host, sent, 1 << 20);
		assert_int_equal(step(&rig), LANE_BLOCKED);
	} while (sent != before);
	assert_in_range(lane_pending(&rig.lane), 0, 1 << 20);
	assert_false(rig.to.is_writable);
	assert_true(sent < (4 << 20));
	rig_exit(&rig);
}

static void slow_reader_stops_the_reading(void **state)
{
	(void)state;
	both_modes(check_slow_reader);
}

static void check_destination_gone(enum lane_mode mode)
{
	struct rig rig;

	rig_init(&rig, mode);
	shutdown(rig.peer, SHUT_RDWR);
	assert_int_equal(send(rig.host, "x", 1, 0), 1);
	assert_int_equal(step(&rig), LANE_DESTINATION_RESET);
	rig_exit(&rig);
}

static void destination_gone_is_told(void **state)
{
	(void)state;
	both_modes(check_destination_gone);
}

/* An end after a failure is none: the destination must not take it for a clean one. */
static void check_withheld_end(enum lane_mode mode)
{
	struct rig rig;
	char byte;

	rig_init(&rig, mode);
	rig.lane.withholds_end = true;
	assert_int_equal(send(rig.host, "x", 1, 0), 1);
	shutdown(rig.host, SHUT_WR);
	assert_int_equal(step(&rig), LANE_SOURCE_RESET);
	assert_int_equal(recv(rig.peer, &byte, 1, 0), 1);
	assert_int_equal(recv(rig.peer, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	rig_exit(&rig);
}

static void withheld_end_is_not_passed(void **state)
{
	(void)state;
	both_modes(check_withheld_end);
}

static void copies_without_descriptors(void **state)
{
	struct rig rig;
	char byte;

	(void)state;
	rig_init(&rig, LANE_SPLICE);
	rig.budget.available = 1;
	assert_int_equal(send(rig.host, "x", 1, 0), 1);
	assert_int_equal(step(&rig), LANE_BLOCKED);
	assert_int_equal(recv(rig.peer, &byte, 1, 0), 1);
	assert_int_equal(rig.lane.mode, LANE_SPLICE); /* the next time there may be one */
	rig.budget.available = 100;
	rig_exit(&rig);
}

static void copies_where_splice_cannot(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, LANE_SPLICE);
	close(rig.from.watch.fd);
	rig.from.watch.fd = eventfd(0, EFD_NONBLOCK); /* no socket, and nothing splice() reads */
	assert_int_equal(step(&rig), LANE_SOURCE_RESET);
	assert_int_equal(rig.lane.mode, LANE_COPY);
	rig_exit(&rig);
}

/* A TCP connection over loopback in the place of the socket pair that the lane reads from. */
static void read_from_tcp(struct rig *rig)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	close(rig->host);
	close(rig->from.watch.fd);
	assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
	rig->host = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(rig->host, (struct sockaddr *)&address, len), 0);
	rig->from.watch.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	assert_true(rig->from.watch.fd >= 0);
	close(listener);
	socket_urgent_inline(rig->from.watch.fd);
}

static void wait_for_the_end(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLRDHUP};

	assert_int_equal(poll(&poll_fd, 1, 10000), 1);
}

/* splice() stops before the urgent byte and, as the FIN is there too, says "end". */
static void urgent_byte_before_the_end(void **state)
{
	struct rig rig;
	char got[8];

	(void)state;
	rig_init(&rig, LANE_SPLICE);
	read_from_tcp(&rig);
	assert_int_equal(send(rig.host, "all of", 6, 0), 6);
	assert_int_equal(send(rig.host, "!", 1, MSG_OOB), 1);
	shutdown(rig.host, SHUT_WR);
	wait_for_the_end(rig.from.watch.fd);
	assert_int_equal(step(&rig), LANE_DONE);
	assert_int_equal(recv(rig.peer, got, sizeof(got), MSG_WAITALL), 7);
	assert_memory_equal(got, "all of!", 7);
	rig_exit(&rig);
}

/* A pipe with bytes in it is closed, not given to the next flow. */
static void discard_closes_a_used_pipe(void **state)
{
	struct rig rig;
	size_t sent = 0, before;

	(void)state;
	rig_init(&rig, LANE_SPLICE);
	do {
		before = sent;
		sent += write_some(rig.host, sent, 1 << 20);
		step(&rig);
	} while (sent != before);
	assert_true(rig.lane.in_pipe > 0);
	lane_discard(&rig.lane, &rig.pools);
	assert_int_equal(rig.pipes.n_idle, 0);
	assert_int_equal(rig.budget.available, 100);
	rig_exit(&rig);
}

/* It stops soon after its limit, and goes on when that is lifted. */
static void check_held(enum lane_mode mode)
{
	const size_t limit = 100000, total = 1000000;
	size_t sent = 0, received = 0;
	enum lane_result result = LANE_BLOCKED;
	struct rig rig;

	rig_init(&rig, mode);
	rig.lane.most = limit;
	while (result != LANE_HELD) {
		sent += write_some(rig.host, sent, total - sent);
		result = step(&rig);
		received += read_some(rig.peer, received);
	}
	assert_in_range(rig.lane.bytes, limit, limit + (64 << 10));
	assert_int_equal(step(&rig), LANE_HELD);
	rig.lane.most = UINT64_MAX;
	while (received < total) {
		sent += sent < total ? write_some(rig.host, sent, total - sent) : 0;
		step(&rig);
		received += read_some(rig.peer, received);
	}
	assert_int_equal(rig.lane.bytes, total);
	rig_exit(&rig);
}

static void held_at_its_limit(void **state)
{
	(void)state;
	both_modes(check_held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_by_splice),
		cmocka_unit_test(carries_by_copying),
		cmocka_unit_test(idle_holds_nothing),
		cmocka_unit_test(slow_reader_stops_the_reading),
		cmocka_unit_test(destination_gone_is_told),
		cmocka_unit_test(withheld_end_is_not_passed),
		cmocka_unit_test(held_at_its_limit),
		cmocka_unit_test(copies_without_descriptors),
		cmocka_unit_test(copies_where_splice_cannot),
		cmocka_unit_test(urgent_byte_before_the_end),
		cmocka_unit_test(discard_closes_a_used_pipe),
	};

	signal(SIGPIPE, SIG_IGN);
	RUN_SUITE(tests);
}
