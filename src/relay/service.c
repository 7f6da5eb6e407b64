/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The service of one worker: its listeners and flows, begun and ended together. */
#include "relay/service.h"

#include "kernel/socket.h"
#include "relay/flow.h"
#include "relay/listener.h"
#include "relay/lookup.h"
#include "relay/transfer.h"

#include <assert.h>

/* At most, and never more than a quarter of the descriptors. */
#define LOBBY_MOST 1024

static void init_lobby(struct relay *relay)
{
	uint32_t most = relay->budget.available / FLOW_FDS / 4;
	uint64_t seed = (uint64_t)(uintptr_t)relay ^ relay->board->instance;

	lobby_init(&relay->lobby, most > LOBBY_MOST ? LOBBY_MOST : most + 1, seed);
}

int service_init(struct relay *relay, struct loop *loop, const struct service_setup *setup)
{
	const struct conf *conf = setup->conf;
	int error;

	*relay = (struct relay){
		.loop = loop,
		.conf = conf,
		.board = setup->board,
		.counters = setup->counters,
		.salts = *setup->salts,
		.table_version = UINT32_MAX,
		.has_mptcp = socket_has_mptcp(),
	};
	budget_init(&relay->budget);
	pipe_pool_init(&relay->pipes, &relay->budget);
	buffer_pool_init(&relay->buffers);
	relay->pools = (struct lane_pools){&relay->pipes, &relay->buffers, &relay->salts};
	init_lobby(relay);
	list_init(&relay->flows);
	evidence_init(&relay->evidence, relay);
	unblock_init(&relay->unblock, relay);
	error = codec_init(&relay->codec, conf->method, conf->key, conf->role == CONF_SERVER);
	if (error == 0 && setup->directory)
		error = lookups_open(&relay->lookups, loop, &relay->budget, setup->directory);
	return error;
}

int service_listen(struct relay *relay, const int *listener_fds, unsigned n_listeners)
{
	return relay->is_draining ? 0 : listeners_open(relay, listener_fds, n_listeners);
}

void service_drain(struct relay *relay)
{
	relay->is_draining = true;
	listeners_close(relay);
	if (relay->n_flows == 0)
		relay->on_idle(relay);
}

void service_abort(struct relay *relay)
{
	list_for_each_safe(node, tmp, &relay->flows)
		flow_abort(container_of(node, struct flow, node));
}

/*
 * One that is not connected yet will find out for itself. What has come from the server already is
 * delivered, as after a reset that came by the wire.
 */
void service_end_older(struct relay *relay, uint8_t router, uint64_t ms)
{
	unsigned n = 0;

	list_for_each_safe(node, tmp, &relay->flows) {
		struct flow *flow = container_of(node, struct flow, node);

		if (flow->is_direct || flow->router != router || flow->dialed_ms == 0 ||
		    flow->dialed_ms > ms)
			continue;
		if (flow->state != FLOW_OPEN)
			continue;
		n++;
		transfer_fail(flow, WAN);
	}
	if (n > 0)
		log_info("ended %u flows: the server that they were connected to is gone", n);
}

void service_exit(struct relay *relay)
{
	assert(relay->n_flows == 0);
	evidence_exit(&relay->evidence);
	unblock_exit(&relay->unblock);
	listeners_close(relay);
	listeners_free(relay);
	lookups_close(relay->lookups);
	pipe_pool_exit(&relay->pipes);
	buffer_pool_exit(&relay->buffers);
	codec_exit(&relay->codec);
}
