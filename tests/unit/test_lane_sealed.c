/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/seal.c and open.c: host -> sealing lane -> wire -> opening lane -> peer, over socket pairs.
 */
#include "suite.h"

#include "pattern.h"
#include "relay/dialog.h"
#include "relay/lane.h"
#include "relay/open.h"
#include "relay/seal.h"
#include "relay/sealed.h"
#include "streams.h"

#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* The other router remembers salts of its own. */
struct far {
	struct salts salts;
	struct lane_pools pools; /* of the opening lane */
};

/* From the host, over the wire, to the peer; the side of a lane is the other end of each pair. */
struct rig {
	struct ends *ends;
	struct lane sealing, opening;
	struct sealer sealer;
	struct opener opener;
	struct side from_host, to_wire, from_wire, to_peer;
	int host, peer;
	struct budget budget;
	struct pipe_pool pipes;
	struct buffer_pool buffers;
	struct far far;
	struct salts salts;
	struct lane_pools pools; /* of the sealing lane */
};

static void pair(int fds[2])
{
	int kind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

	assert_int_equal(socketpair(AF_UNIX, kind, 0, fds), 0);
}

static struct side side_of(int fd)
{
	return (struct side){.watch.fd = fd, .is_readable = true, .is_writable = true};
}

static void open_sockets(struct rig *rig)
{
	int fds[2];

	pair(fds);
	rig->host = fds[0];
	rig->from_host = side_of(fds[1]);
	pair(fds);
	rig->to_wire = side_of(fds[0]);
	rig->from_wire = side_of(fds[1]);
	pair(fds);
	rig->to_peer = side_of(fds[0]);
	rig->peer = fds[1];
}

static struct salts salts_new(void)
{
	void *store = mmap(NULL, salts_store_bytes(1), PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(store != MAP_FAILED);
	return (struct salts){store, 1, 0, false};
}

static void rig_init(struct rig *rig, struct ends *ends)
{
	memset(rig, 0, sizeof(*rig));
	rig->ends = ends;
	open_sockets(rig);
	rig->budget = (struct budget){.limit = 100, .available = 100};
	pipe_pool_init(&rig->pipes, &rig->budget);
	buffer_pool_init(&rig->buffers);
	rig->salts = salts_new();
	rig->far.salts = salts_new();
	rig->pools = (struct lane_pools){&rig->pipes, &rig->buffers, &rig->salts};
	rig->far.pools = (struct lane_pools){&rig->pipes, &rig->buffers, &rig->far.salts};
	lane_init(&rig->sealing, LANE_SPLICE);
	lane_init(&rig->opening, LANE_SPLICE);
}

static void rig_exit(struct rig *rig)
{
	const int fds[] = {rig->host,
			   rig->peer,
			   rig->from_host.watch.fd,
			   rig->to_wire.watch.fd,
			   rig->from_wire.watch.fd,
			   rig->to_peer.watch.fd};

	lane_discard(&rig->sealing, &rig->pools);
	lane_discard(&rig->opening, &rig->far.pools);
	pipe_pool_exit(&rig->pipes);
	buffer_pool_exit(&rig->buffers);
	munmap(rig->salts.store, salts_store_bytes(1));
	munmap(rig->far.salts.store, salts_store_bytes(1));
	assert_int_equal(rig->budget.available, 100);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		close(fds[i]);
}

/* A client's request on its way to a server. */
static void ask(struct rig *rig)
{
	sealer_init(&rig->sealer, &rig->ends->client, NULL);
	assert_int_equal(seal_request(&rig->sealing, &rig->sealer, rig->from_host.watch.fd,
				      stream_header, sizeof(stream_header), &rig->pools),
			 0);
	opener_init(&rig->opener, &rig->ends->server, NULL);
	lane_open(&rig->opening, &rig->opener);
}

/* A server's response on its way to a client. */
static void answer(struct rig *rig)
{
	static const uint8_t request_salt[CODEC_SALT_MAX] = {5};

	sealer_init(&rig->sealer, &rig->ends->server, request_salt);
	assert_int_equal(seal_response(&rig->sealing, &rig->sealer, &rig->pools), 0);
	opener_init(&rig->opener, &rig->ends->client, request_salt);
	lane_open(&rig->opening, &rig->opener);
}

/* What epoll's edges would say. */
static enum lane_result step_sealing(struct rig *rig)
{
	rig->from_host.is_readable = rig->to_wire.is_writable = true;
	return lane_forward(&rig->sealing, &rig->from_host, &rig->to_wire, &rig->pools);
}

static enum lane_result step_opening(struct rig *rig)
{
	rig->from_wire.is_readable = rig->to_peer.is_writable = true;
	return lane_forward(&rig->opening, &rig->from_wire, &rig->to_peer, &rig->far.pools);
}

static size_t write_some(int fd, size_t at, size_t most)
{
	return write_pattern(fd, at, most, rand() % 2 ? 70000 : 10);
}

static size_t read_some(int fd, size_t at)
{
	return read_pattern(fd, at, 20000);
}

/* Every byte once, in order, with a reader that is slower than the writer; then the end. */
static void carry(struct rig *rig, size_t sent, size_t received)
{
	const size_t total = 3000000;
	enum lane_result result = LANE_BLOCKED;
	char end;

	while (received < total) {
		for (int i = rand() % 4; i > 0 && sent < total; i--)
			sent += write_some(rig->host, sent, total - sent);
		if (sent == total)
			shutdown(rig->host, SHUT_WR);
		step_sealing(rig);
		for (int i = rand() % 3; i > 0; i--)
			result = step_opening(rig);
		assert_int_not_equal(result, LANE_SOURCE_RESET);
		for (int i = rand() % 4; i > 0; i--)
			received += read_some(rig->peer, received);
	}
	for (int i = 0; i < 10 && result != LANE_DONE; i++) {
		step_sealing(rig);
		result = step_opening(rig);
	}
	assert_int_equal(result, LANE_DONE);
	assert_int_equal(received, total);
	assert_int_equal(recv(rig->peer, &end, 1, 0), 0);
	assert_null(rig->sealing.buffer);
	assert_null(rig->opening.buffer);
}

static void carry_response(struct ends *ends)
{
	struct rig rig;

	rig_init(&rig, ends);
	answer(&rig);
	carry(&rig, 0, 0);
	rig_exit(&rig);
}

static void carries_responses(void **state)
{
	srand(2);
	each_method(carry_response);
}

/* Reads what the opening lane says before the payload: address and padding. */
static void skip_header(struct rig *rig)
{
	uint8_t bytes[TARGET_HEADER_BYTES + 2 + LAYOUT_PADDING_MAX];
	size_t n = sizeof(stream_header);

	assert_int_equal(recv(rig->peer, bytes, n, 0), n);
	assert_memory_equal(bytes, stream_header, n);
	if (rig->ends->method->format == METHOD_2017)
		return;
	assert_int_equal(recv(rig->peer, bytes, 2, 0), 2);
	n = (size_t)wire_read(bytes, 2);
	assert_int_equal(recv(rig->peer, bytes, n, 0), n);
}

/* With early payload, which goes into the request where it can, and the rest behind it. */
static void carry_request(struct ends *ends)
{
	size_t early[] = {0, 1, 4096, 4097, 60000};

	for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++) {
		size_t sent = 0;
		struct rig rig;

		rig_init(&rig, ends);
		while (sent < early[i])
			sent += write_some(rig.host, sent, early[i] - sent);
		ask(&rig);
		step_sealing(&rig);
		step_opening(&rig);
		skip_header(&rig);
		carry(&rig, sent, 0);
		rig_exit(&rig);
	}
}

static void carries_requests(void **state)
{
	srand(3);
	each_method(carry_request);
}

/* A stream that was cut, at any byte of it, has no end; but what came before it is delivered. */
static void cut_response(struct ends *ends)
{
	uint8_t wire[512], bytes[64];
	ssize_t n = 1;

	for (ssize_t cut = 1; cut < n || cut == 1; cut++) {
		bool is_end = false;
		struct rig rig;

		rig_init(&rig, ends);
		answer(&rig);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(send(rig.host, "three bytes", 11, 0), 11);
			step_sealing(&rig);
		}
		n = recv(rig.from_wire.watch.fd, wire, sizeof(wire), 0);
		assert_int_equal(send(rig.to_wire.watch.fd, wire, (size_t)cut, 0), cut);
		shutdown(rig.to_wire.watch.fd, SHUT_WR);
		is_end = step_opening(&rig) == LANE_DONE;
		/* of two chunks: where the second begins; raw bytes may end anywhere */
		if (ends->method->is_raw_after_header)
			assert_int_equal(is_end, cut >= n - 22);
		else
			assert_int_equal(is_end, cut == n - 18 - 11 - AEAD_TAG_BYTES);
		while (recv(rig.peer, bytes, sizeof(bytes), 0) > 0)
			;
		assert_true(is_end || errno == EAGAIN);
		rig_exit(&rig);
	}
}

static void a_cut_stream_has_no_end(void **state)
{
	each_method(cut_response);
}

/* A bent chunk: what came before it is delivered, nothing of it, and no end. */
static void bend_response(struct ends *ends)
{
	uint8_t wire[512], bytes[64];
	struct rig rig;
	ssize_t n;

	if (ends->method->is_raw_after_header)
		return;
	rig_init(&rig, ends);
	answer(&rig);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(send(rig.host, "three bytes", 11, 0), 11);
		step_sealing(&rig);
	}
	n = recv(rig.from_wire.watch.fd, wire, sizeof(wire), 0);
	wire[n - 18 - 11 - AEAD_TAG_BYTES - 1] ^= 1; /* the last tag of the second chunk */
	assert_int_equal(send(rig.to_wire.watch.fd, wire, (size_t)n, 0), n);
	shutdown(rig.to_wire.watch.fd, SHUT_WR);
	assert_int_equal(step_opening(&rig), LANE_SOURCE_RESET);
	assert_int_equal(step_opening(&rig), LANE_SOURCE_RESET);
	assert_int_equal(recv(rig.peer, bytes, sizeof(bytes), 0), 11);
	assert_int_equal(recv(rig.peer, bytes, sizeof(bytes), 0), -1);
	assert_int_equal(errno, EAGAIN);
	rig_exit(&rig);
}

static void a_bent_chunk_stops_it(void **state)
{
	each_method(bend_response);
}

/* auth-only: the lane reads its header, and leaves what follows for splice(). */
static void not_one_byte_too_many(void **state)
{
	struct ends ends;
	struct rig rig;
	char rest[64];

	ends_init(&ends, method_find("auth-only"));
	rig_init(&rig, &ends);
	answer(&rig);
	step_sealing(&rig);
	assert_int_equal(send(rig.to_wire.watch.fd, "raw", 3, 0), 3);
	assert_int_equal(open_fill(&rig.opening, rig.from_wire.watch.fd, &rig.pools), 0);
	assert_true(open_is_over(&rig.opening));
	assert_int_equal(recv(rig.from_wire.watch.fd, rest, sizeof(rest), 0), 3);
	assert_memory_equal(rest, "raw", 3);
	rig_exit(&rig);
	ends_exit(&ends);
}

/* 2017: a client does not take its own request for an answer. */
static void reflect(struct ends *ends)
{
	static const uint8_t salt[CODEC_SALT_MAX];
	struct rig rig;

	if (ends->method->format != METHOD_2017)
		return;
	rig_init(&rig, ends);
	ask(&rig);
	step_sealing(&rig);
	opener_init(&rig.opener, &ends->client, salt);
	rig.far.pools.salts = &rig.salts; /* it is the client itself */
	assert_int_equal(step_opening(&rig), LANE_SOURCE_RESET);
	assert_int_equal(recv(rig.peer, &(char){0}, 1, 0), -1);
	rig_exit(&rig);
}

static void a_reflected_request_is_no_answer(void **state)
{
	each_method(reflect);
}

/* Nor does a server take its answer to a greeting for a request. */
static void reflect_answer(struct ends *ends)
{
	uint8_t wire[SEALED_ANSWER_MAX];
	struct relay *relay = calloc(1, sizeof(*relay));
	struct dialog dialog = {0};
	struct flow flow = {.relay = relay, .dialog = &dialog};
	struct rig rig;

	assert_non_null(relay);
	rig_init(&rig, ends);
	relay->pools = rig.pools;
	sealer_init(&dialog.sealer, &ends->server, NULL);
	assert_true(sealed_answer(&flow, (const uint8_t *)"an answer", 9, wire) > 0);
	assert_int_equal(salts_remember(&rig.salts, wire, method_key_bytes(ends->method), 0),
			 ends->method->format != METHOD_2017);
	rig_exit(&rig);
	free(relay);
}

static void a_reflected_answer_is_no_request(void **state)
{
	each_method(reflect_answer);
}

/* A destination that does not read stops the reading, on both sides of the wire. */
static void slow_reader(struct ends *ends)
{
	size_t sent = 0, before;
	struct rig rig;

	rig_init(&rig, ends);
	answer(&rig);
	do {
		before = sent;
		sent += write_some(rig.host, sent, 1 << 20);
		step_sealing(&rig);
		step_opening(&rig);
	} while (sent != before);
	assert_true(sent < (8 << 20));
	assert_in_range(lane_pending(&rig.sealing), 1, 1 << 20);
	assert_in_range(lane_pending(&rig.opening), 1, 1 << 20);
	rig_exit(&rig);
}

static void slow_reader_stops_the_reading(void **state)
{
	srand(4);
	each_method(slow_reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carries_responses),
		cmocka_unit_test(carries_requests),
		cmocka_unit_test(a_cut_stream_has_no_end),
		cmocka_unit_test(a_bent_chunk_stops_it),
		cmocka_unit_test(not_one_byte_too_many),
		cmocka_unit_test(a_reflected_request_is_no_answer),
		cmocka_unit_test(a_reflected_answer_is_no_request),
		cmocka_unit_test(slow_reader_stops_the_reading),
	};

	signal(SIGPIPE, SIG_IGN);
	RUN_SUITE(tests);
}
