/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The lobby: a server's connections that have not yet shown who they are. */
#include "relay/lobby.h"

#include "relay/flow.h"
#include "relay/request.h"
#include "shadowsocks/wire.h"

/*
 * Theory of operation. Anybody can open connections and say nothing, or little, or nonsense; each
 * costs a descriptor and a flow until its header's deadline. Their number is bounded, far below
 * what there are descriptors for, and who comes last is let in: an honest client says at once who
 * it is, so it is through before others have pushed it out; and if it has said so, it is heard
 * before it is. Room is made where most are waiting, which is at the address that the crowd comes
 * from.
 */

void lobby_init(struct lobby *lobby, uint32_t most, uint64_t seed)
{
	for (unsigned i = 0; i < LOBBY_ROOMS; i++) {
		list_init(&lobby->room[i].flows);
		lobby->room[i].n = 0;
	}
	lobby->n = 0;
	lobby->most = most;
	lobby->seed = seed;
}

void lobby_init_flow(struct flow *flow)
{
	flow->lobby_room = NULL;
}

/* Each bit of the result depends on each of x (the last step of SplitMix64; Steele et al., 2014).
 */
static uint64_t mix(uint64_t x)
{
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

static struct lobby_room *room_of(struct lobby *lobby, const struct address *peer)
{
	uint64_t number = wire_read(peer->ip, peer->family == AF_INET6 ? 8 : 4);

	return &lobby->room[mix(number ^ lobby->seed) % LOBBY_ROOMS];
}

static struct lobby_room *fullest(struct lobby *lobby)
{
	struct lobby_room *most = &lobby->room[0];

	for (unsigned i = 1; i < LOBBY_ROOMS; i++)
		if (lobby->room[i].n > most->n)
			most = &lobby->room[i];
	return most;
}

/* Many may be accepted before any of them is read: who has said it all already is heard first. */
static void make_room(struct lobby *lobby)
{
	struct lobby_room *room = fullest(lobby);
	struct flow *flow = container_of(room->flows.next, struct flow, waiting);

	if (flow->state == FLOW_HEADER)
		request_step(flow);
	if (flow->lobby_room)
		flow_abort(flow);
}

void lobby_enter(struct flow *flow, const struct address *peer)
{
	struct lobby *lobby = &flow->relay->lobby;

	flow->lobby_room = room_of(lobby, peer);
	list_append(&flow->lobby_room->flows, &flow->waiting);
	flow->lobby_room->n++;
	lobby->n++;
	if (lobby->n > lobby->most)
		make_room(lobby);
}

void lobby_leave(struct flow *flow)
{
	if (!flow->lobby_room)
		return;
	list_remove(&flow->waiting);
	flow->lobby_room->n--;
	flow->relay->lobby.n--;
	flow->lobby_room = NULL;
}
