/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spares: server: whose links may be used only for what others leave of them. */
#include "paths/spare.h"

#include <stddef.h>

/*
 * Theory of operation. Which of its links are secondary is known to a client. What the server sends
 * there leaves by a route of the path's table, and so do the packets to everybody else who comes by
 * the same address, DSL and LTE of one client for example. So a server has a route to each address
 * from which a client has said so (wanted.c). It forgets one when a client says the contrary there.
 * A way that has fallen silent stays until its place is needed, for a route to an address that
 * nobody has any more does no harm, and a link that comes back finds it there.
 *
 * Each change is a change of routes, which costs more than a greeting, and everybody who may use
 * the server can greet. So what is known is not given up for what is new:
 *
 * - Two behind one public address, or two links of one client, may say the one and the other in
 *   turn. Who says USE is believed at once, for a role may have changed; but when somebody then
 *   says SPARE again, the way is disputed, and stays secondary until no more is heard of that.
 * - Where there is no room, a way has to have been silent for long to make some. All others work
 *   without: their clients are told that there is no scavenger. One network cannot have all places.
 */

#define GREETING_GAP_MS 300   /* yield.c, ASK_MS, and a round trip */
#define DISPUTE_MS	12000 /* two greetings of a client that has nothing to send, and some */
#define SILENT_MS	30000
#define ASIDE_MS	1500 /* some greetings, of which one may be lost */

/* spares->n_known: there is none. */
static unsigned index_of(const struct spares *spares, const struct address *local,
			 const struct address *remote)
{
	unsigned i = 0;

	while (i < spares->n_known && !(address_ip_equal(&spares->item[i].local, local) &&
					address_ip_equal(&spares->item[i].remote, remote)))
		i++;
	return i;
}

const struct spare *spares_find(const struct spares *spares, const struct address *local,
				const struct address *remote)
{
	unsigned i = index_of(spares, local, remote);

	return i < spares->n ? &spares->item[i] : NULL;
}

bool spare_is_silent(const struct spare *spare, uint64_t now_ms)
{
	return now_ms >= spare->greeted_ms + SILENT_MS;
}

static void swap(struct spares *spares, unsigned a, unsigned b)
{
	struct spare spare = spares->item[a];

	spares->item[a] = spares->item[b];
	spares->item[b] = spare;
}

/* ---- room ---- */

static unsigned count_near(const struct spares *spares, const struct network *network)
{
	unsigned n = 0;

	for (unsigned i = 0; i < spares->n_known; i++)
		n += network_contains(network, &spares->item[i].remote);
	return n;
}

/* The one that has been silent for longest, of those in the network; NULL: of all. */
static unsigned find_oldest(const struct spares *spares, const struct network *network)
{
	unsigned oldest = SPARES_MAX;

	for (unsigned i = 0; i < spares->n_known; i++) {
		const struct spare *spare = &spares->item[i];

		if ((!network || network_contains(network, &spare->remote)) &&
		    (oldest == SPARES_MAX || spare->greeted_ms < spares->item[oldest].greeted_ms))
			oldest = i;
	}
	return oldest;
}

/* A place that is free now, behind those that are secondary. SPARES_MAX: there is none. */
static unsigned place_for(struct spares *spares, const struct address *remote, uint64_t now_ms)
{
	const struct network network = {*remote, remote->family == AF_INET6 ? 64 : 32};
	bool is_crowded = count_near(spares, &network) >= SPARES_NET_MAX;
	unsigned oldest;

	if (!is_crowded && spares->n_known < SPARES_MAX)
		return spares->n_known++;
	oldest = find_oldest(spares, is_crowded ? &network : NULL);
	if (!spare_is_silent(&spares->item[oldest], now_ms))
		return SPARES_MAX;
	if (oldest >= spares->n)
		return oldest;
	swap(spares, oldest, --spares->n);
	return spares->n;
}

/* ---- what clients say ---- */

static bool begin(struct spares *spares, const struct address *local, const struct address *remote,
		  uint64_t now_ms)
{
	unsigned i = index_of(spares, local, remote);

	if (i < spares->n) {
		spares->item[i].greeted_ms = now_ms;
		return false;
	}
	if (i == spares->n_known) {
		i = place_for(spares, remote, now_ms);
		if (i == SPARES_MAX)
			return false;
		spares->item[i] = (struct spare){.local = *local, .remote = *remote};
		spares->item[i].local.port = spares->item[i].remote.port = 0;
	}
	spares->item[i].greeted_ms = now_ms;
	swap(spares, i, spares->n++);
	return true;
}

static bool end(struct spares *spares, const struct address *local, const struct address *remote,
		uint64_t now_ms)
{
	unsigned i = index_of(spares, local, remote);
	struct spare *spare;
	bool is_disputed;

	if (i >= spares->n)
		return false;
	spare = &spares->item[i];
	is_disputed = spare->used_ms && now_ms < spare->used_ms + SILENT_MS &&
		      now_ms < spare->greeted_ms + DISPUTE_MS;
	spare->used_ms = now_ms;
	if (!is_disputed)
		swap(spares, i, --spares->n);
	return !is_disputed;
}

/* A client that does not use its way at the moment, for it leaves it to others, still asks. */
static void keep(struct spares *spares, const struct address *local, const struct address *remote,
		 uint64_t now_ms)
{
	unsigned i = index_of(spares, local, remote);

	if (i < spares->n)
		spares->item[i].greeted_ms = now_ms;
}

/* Of more addresses than there is room for, it is known of those where it was told last. */
static void note_use(struct spares *spares, const struct address *local, uint64_t now_ms)
{
	struct spares_use *use = &spares->use[0];

	for (unsigned i = 0; i < SPARES_USES_MAX; i++) {
		if (address_ip_equal(&spares->use[i].local, local)) {
			use = &spares->use[i];
			break;
		}
		if (spares->use[i].told_ms < use->told_ms)
			use = &spares->use[i];
	}
	*use = (struct spares_use){*local, now_ms};
}

bool spares_greeted(struct spares *spares, enum greeting_kind kind, const struct address *local,
		    const struct address *remote, uint64_t now_ms)
{
	switch (kind) {
	case GREETING_SPARE:
		return begin(spares, local, remote, now_ms);
	case GREETING_USE:
		note_use(spares, local, now_ms);
		return end(spares, local, remote, now_ms);
	case GREETING_PROBE:
		keep(spares, local, remote, now_ms);
		break;
	case GREETING_BACK:
	case GREETING_LOST:
		break;
	}
	return false;
}

void spares_continue(struct spares *spares, const struct spares *from, uint64_t now_ms)
{
	for (unsigned i = 0; i < from->n; i++)
		begin(spares, &from->item[i].local, &from->item[i].remote, now_ms);
}

bool spares_yield(struct spares *spares, const struct address *local, const struct address *remote,
		  uint64_t now_ms, uint64_t until_ms)
{
	unsigned i = index_of(spares, local, remote);
	struct spare *spare = &spares->item[i];

	if (i >= spares->n)
		return false;
	if (now_ms >= spare->until_ms)
		spare->left_ms = now_ms;
	spare->until_ms = until_ms + GREETING_GAP_MS;
	return true;
}

static bool is_used(const struct spares *spares, const struct address *local, uint64_t now_ms)
{
	for (unsigned i = 0; i < SPARES_USES_MAX; i++)
		if (spares->use[i].told_ms && now_ms < spares->use[i].told_ms + SILENT_MS &&
		    address_ip_equal(&spares->use[i].local, local))
			return true;
	return false;
}

/* It ends when the first of them is left no more, or the last one has been left for long enough. */
uint64_t spares_aside_ms(const struct spares *spares, const struct address *local, uint64_t now_ms)
{
	uint64_t heard_ms = 0, until_ms = UINT64_MAX;

	if (is_used(spares, local, now_ms))
		return 0;
	for (unsigned i = 0; i < spares->n; i++) {
		const struct spare *spare = &spares->item[i];

		if (!address_ip_equal(&spare->local, local) || spare_is_silent(spare, now_ms))
			continue;
		if (spare->left_ms + ASIDE_MS > heard_ms)
			heard_ms = spare->left_ms + ASIDE_MS;
		if (spare->until_ms < until_ms)
			until_ms = spare->until_ms;
	}
	if (heard_ms < until_ms)
		until_ms = heard_ms;
	return until_ms > now_ms ? until_ms : 0;
}
