/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/lobby.c: who has to make room, and that the books balance. */
#include "suite.h"

#include "relay/flow.h"
#include "relay/lobby.h"

#include <stdlib.h>

#define MOST	100
#define HONEST	20
#define CROWD	5000
#define ABORTED FLOW_ENDED

/* The linker puts it in the place of the one that closes sockets. */
void __wrap_flow_abort(struct flow *flow);

void __wrap_flow_abort(struct flow *flow)
{
	flow->state = ABORTED;
	lobby_leave(flow);
}

static struct relay *relay_new(uint64_t seed)
{
	struct relay *relay = calloc(1, sizeof(*relay));

	assert_non_null(relay);
	lobby_init(&relay->lobby, MOST, seed);
	return relay;
}

/* A flow that waits, of the peer with this number; to be freed. */
static struct flow *enter(struct relay *relay, sa_family_t family, uint32_t number)
{
	struct flow *flow = calloc(1, sizeof(*flow));
	struct address peer = {
		.family = family,
		.ip = {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};

	assert_non_null(flow);
	flow->relay = relay;
	flow->state = FLOW_REFUSED; /* it has been heard */
	lobby_init_flow(flow);
	lobby_enter(flow, &peer);
	return flow;
}

static void assert_balanced(const struct relay *relay)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < LOBBY_ROOMS; i++)
		n += relay->lobby.room[i].n;
	assert_int_equal(relay->lobby.n, n);
	assert_in_range(n, 0, MOST);
}

static void leave_and_free(struct flow **flows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		lobby_leave(flows[i]);
		lobby_leave(flows[i]); /* harmless */
		free(flows[i]);
	}
}

/* One address opens connection after connection: it alone pays, whoever else waits. */
static void a_crowd_makes_room_itself(void **state)
{
	struct relay *relay = relay_new(12345);
	struct flow *honest[HONEST], *crowd[CROWD];
	unsigned waiting = 0;

	for (uint32_t i = 0; i < HONEST; i++)
		honest[i] = enter(relay, AF_INET, 1000 + i);
	for (uint32_t i = 0; i < CROWD; i++) {
		crowd[i] = enter(relay, AF_INET, 7);
		assert_balanced(relay);
	}
	for (uint32_t i = 0; i < HONEST; i++)
		assert_int_not_equal(honest[i]->state, ABORTED);
	for (uint32_t i = 0; i < CROWD; i++)
		waiting += crowd[i]->state != ABORTED;
	assert_int_equal(waiting, MOST - HONEST);
	assert_int_not_equal(crowd[CROWD - 1]->state, ABORTED); /* who comes last is let in */
	assert_int_equal(crowd[0]->state, ABORTED);		/* the oldest goes */
	leave_and_free(honest, HONEST);
	leave_and_free(crowd, CROWD);
	assert_int_equal(relay->lobby.n, 0);
	free(relay);
}

/* From many addresses at once: their number is bounded all the same. */
static void never_more_than_most(void **state)
{
	struct relay *relay = relay_new(1);
	struct flow *flows[CROWD];

	for (uint32_t i = 0; i < CROWD; i++) {
		flows[i] = enter(relay, i % 2 ? AF_INET6 : AF_INET, i * 77);
		assert_balanced(relay);
	}
	assert_int_equal(relay->lobby.n, MOST);
	leave_and_free(flows, CROWD);
	assert_balanced(relay);
	free(relay);
}

/* Who has left does not count, and is not ended by others. */
static void who_left_is_left_alone(void **state)
{
	struct relay *relay = relay_new(9);
	struct flow *flows[CROWD];

	for (uint32_t i = 0; i < CROWD; i++) {
		flows[i] = enter(relay, AF_INET, 7);
		lobby_leave(flows[i]);
	}
	for (uint32_t i = 0; i < CROWD; i++)
		assert_int_not_equal(flows[i]->state, ABORTED);
	leave_and_free(flows, CROWD);
	free(relay);
}

/* How many of 64 peers share a room with the first one. */
static unsigned neighbours(uint64_t seed)
{
	struct relay *relay = relay_new(seed);
	struct flow *flows[64];
	unsigned n = 0;

	for (uint32_t i = 0; i < 64; i++) {
		flows[i] = enter(relay, AF_INET, i);
		n += flows[i]->lobby_room == flows[0]->lobby_room;
	}
	leave_and_free(flows, 64);
	free(relay);
	return n - 1;
}

/* They are spread, whatever the seed is. */
static void rooms_are_spread(void **state)
{
	for (uint64_t seed = 0; seed < 100; seed++)
		assert_in_range(neighbours(seed * 0x9e3779b97f4a7c15u), 0, 8);
}

/* Of IPv6 the first 64 bits count: a subnet is one peer. */
static void a_subnet_is_one_peer(void **state)
{
	struct relay *relay = relay_new(3);
	struct flow *flows[2];

	for (uint8_t i = 0; i < 2; i++) {
		struct address peer = {.family = AF_INET6, .ip = {0xfd, [15] = i}};

		flows[i] = calloc(1, sizeof(struct flow));
		flows[i]->relay = relay;
		lobby_enter(flows[i], &peer);
	}
	assert_ptr_equal(flows[0]->lobby_room, flows[1]->lobby_room);
	leave_and_free(flows, 2);
	free(relay);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_crowd_makes_room_itself), cmocka_unit_test(never_more_than_most),
		cmocka_unit_test(who_left_is_left_alone),    cmocka_unit_test(rooms_are_spread),
		cmocka_unit_test(a_subnet_is_one_peer),
	};

	RUN_SUITE(tests);
}
