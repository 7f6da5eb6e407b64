/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spares: server: whose links may be used only for what others leave of them. */
#include "paths/spare.h"

#include <stddef.h>

/*
 * Theory of operation. Which of its links are secondary is known to a client. What the server sends
 * there leaves by a route of the path's table, and so do the packets to everybody else who comes by
 * the same address, DSL and LTE of one client for example. So a server has a route to each address
 * from which a client has said so (wanted.c). It forgets one when a client says the contrary there,
 * or when there are too many: routes to addresses that nobody has any more do no harm.
 */

#define GREETING_GAP_MS 300 /* yield.c, ASK_MS, and a round trip */

/* spares->n: there is none. */
static unsigned index_of(const struct spares *spares, const struct address *local,
			 const struct address *remote)
{
	unsigned i = 0;

	while (i < spares->n && !(address_ip_equal(&spares->item[i].local, local) &&
				  address_ip_equal(&spares->item[i].remote, remote)))
		i++;
	return i;
}

static struct spare *find(struct spares *spares, const struct address *local,
			  const struct address *remote)
{
	unsigned i = index_of(spares, local, remote);

	return i < spares->n ? &spares->item[i] : NULL;
}

const struct spare *spares_find(const struct spares *spares, const struct address *local,
				const struct address *remote)
{
	unsigned i = index_of(spares, local, remote);

	return i < spares->n ? &spares->item[i] : NULL;
}

static struct spare *place_for_another(struct spares *spares)
{
	struct spare *oldest = &spares->item[0];

	if (spares->n < SPARES_MAX)
		return &spares->item[spares->n++];
	for (unsigned i = 1; i < spares->n; i++)
		if (spares->item[i].greeted_ms < oldest->greeted_ms)
			oldest = &spares->item[i];
	return oldest;
}

static bool add(struct spares *spares, const struct address *local, const struct address *remote,
		uint64_t now_ms)
{
	struct spare *spare = find(spares, local, remote);
	bool is_new = !spare;

	if (is_new) {
		spare = place_for_another(spares);
		*spare = (struct spare){.local = *local, .remote = *remote};
		spare->local.port = spare->remote.port = 0;
	}
	spare->greeted_ms = now_ms;
	return is_new;
}

bool spares_greeted(struct spares *spares, enum greeting_kind kind, const struct address *local,
		    const struct address *remote, uint64_t now_ms)
{
	struct spare *spare;

	if (kind == GREETING_SPARE)
		return add(spares, local, remote, now_ms);
	spare = kind == GREETING_USE ? find(spares, local, remote) : NULL;
	if (!spare)
		return false;
	*spare = spares->item[--spares->n];
	return true;
}

bool spares_yield(struct spares *spares, const struct address *local, const struct address *remote,
		  uint64_t until_ms)
{
	struct spare *spare = find(spares, local, remote);

	if (spare)
		spare->until_ms = until_ms + GREETING_GAP_MS;
	return spare;
}
