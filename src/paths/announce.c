/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Announcing: by which of its addresses a server's clients come, and which they have lost. */
#include "paths/announce.h"

#include <stddef.h>

/*
 * Theory of operation. A server announces the addresses by which its clients come. It does not
 * judge paths: its clients do, and say so over another path. Taking an announcement back makes the
 * kernel send RM_ADDR, which closes the subflows there at both ends and sends again what they had
 * in flight; announcing the address again makes the clients' kernels join by it, in running
 * connections too [signal_late].
 *
 * A client's kernel accepts eight announcements for each connection, and gives one back only if
 * RM_ADDR finds the subflow still open (mptcp_pm_rm_addr_or_subflow() in net/mptcp/pm.c). So a
 * client closes subflows itself only as often as its connections can afford (failover.c), and then
 * leaves it to the server.
 *
 * What a client says when a path is back (USE, BACK) comes by several connections, in any order.
 * Whichever is first has the address announced; another one a moment later must not have it taken
 * back, for connections that have begun there since would lose their only subflow.
 */

/* What one client asks for costs the others a moment, so that it may not ask for it all the time.
 */
#define AGAIN_MS     1000
#define WINDOW_MS    4000
#define CHANGES_MOST 6

/* announce->n: unknown. */
static unsigned index_of(const struct announce *announce, const struct address *local)
{
	unsigned i = 0;

	while (i < announce->n && !address_ip_equal(&announce->entry[i].address, local))
		i++;
	return i;
}

static struct announce_entry *find(struct announce *announce, const struct address *local)
{
	unsigned i = index_of(announce, local);

	return i < announce->n ? &announce->entry[i] : NULL;
}

/* NULL: there is no place left. */
static struct announce_entry *add(struct announce *announce, const struct address *local)
{
	struct announce_entry *entry;

	if (announce->n == BOARD_PATHS_MAX)
		return NULL;
	entry = &announce->entry[announce->n++];
	*entry = (struct announce_entry){.address = *local};
	entry->address.port = 0;
	return entry;
}

enum announce_step announce_witness(struct announce *announce, const struct address *local,
				    uint64_t now_ms)
{
	struct announce_entry *entry;

	if (address_is_loopback(local) || find(announce, local))
		return ANNOUNCE_NOTHING;
	entry = add(announce, local);
	if (!entry)
		return ANNOUNCE_NOTHING;
	entry->announced_ms = now_ms;
	return ANNOUNCE_FOLLOW;
}

static bool may_change(struct announce_entry *entry, uint64_t now_ms)
{
	if (now_ms >= entry->window_ms + WINDOW_MS) {
		entry->window_ms = now_ms;
		entry->changes = 0;
	}
	return entry->changes < CHANGES_MOST && ++entry->changes;
}

static enum announce_step lose(struct announce *announce, const struct address *about,
			       uint64_t now_ms)
{
	struct announce_entry *entry = find(announce, about);

	if (!entry || entry->is_lost || !may_change(entry, now_ms))
		return ANNOUNCE_NOTHING;
	entry->is_lost = true;
	entry->lost_ms = now_ms;
	return ANNOUNCE_FOLLOW;
}

static enum announce_step use(struct announce *announce, const struct address *local,
			      uint64_t now_ms)
{
	struct announce_entry *entry = find(announce, local);

	if (!entry)
		return announce_witness(announce, local, now_ms);
	if (!entry->is_lost || !may_change(entry, now_ms))
		return ANNOUNCE_NOTHING;
	entry->is_lost = false;
	entry->announced_ms = now_ms;
	/* its endpoint may still be there, but the client has closed its end of the subflows */
	return ANNOUNCE_AGAIN;
}

static enum announce_step use_again(struct announce *announce, const struct address *local,
				    uint64_t now_ms)
{
	struct announce_entry *entry = find(announce, local);

	if (!entry || entry->is_lost)
		return use(announce, local, now_ms);
	if (entry->announced_ms && now_ms < entry->announced_ms + AGAIN_MS)
		return ANNOUNCE_NOTHING;
	entry->announced_ms = now_ms;
	return ANNOUNCE_AGAIN;
}

enum announce_step announce_greeted(struct announce *announce, enum greeting_kind kind,
				    const struct address *local, const struct address *about,
				    uint64_t now_ms)
{
	switch (kind) {
	case GREETING_USE:
	case GREETING_SPARE:
		return use(announce, local, now_ms);
	case GREETING_PROBE:
		return ANNOUNCE_NOTHING;
	case GREETING_BACK:
		return use_again(announce, local, now_ms);
	case GREETING_LOST:
		return lose(announce, about, now_ms);
	}
	return ANNOUNCE_NOTHING;
}

bool announce_is_lost(const struct announce *announce, const struct address *local)
{
	unsigned i = index_of(announce, local);

	return i < announce->n && announce->entry[i].is_lost;
}

uint64_t announce_lost_ms(const struct announce *announce, const struct address *local)
{
	unsigned i = index_of(announce, local);

	return i < announce->n ? announce->entry[i].lost_ms : 0;
}
