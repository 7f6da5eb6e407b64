/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audience: server: what clients say of the paths, and what the log says of that. */
#include "paths/audience.h"

#define LINES_MS 10000u /* between two lines of a kind */

/* ---- the log ---- */

static void log_lost(struct audience *audience, const struct address *about, uint64_t now_ms)
{
	char ip[ADDRESS_TEXT_BYTES];

	log_limited(&audience->limit[AUDIENCE_LOST], now_ms, LINES_MS, LOG_LEVEL_INFO,
		    "a client does not reach %s any more", address_format_ip(about, ip));
}

static void log_spare(struct audience *audience, const struct address *local,
		      const struct address *client, bool is_spare, uint64_t now_ms)
{
	char ip[ADDRESS_TEXT_BYTES], client_ip[ADDRESS_TEXT_BYTES];

	log_limited(&audience->limit[is_spare ? AUDIENCE_SPARE : AUDIENCE_NO_SPARE], now_ms,
		    LINES_MS, LOG_LEVEL_INFO, "the client at %s %s %s a secondary link",
		    address_format_ip(client, client_ip),
		    is_spare ? "calls the way to" : "does no more call the way to",
		    address_format_ip(local, ip));
}

/* ---- what is heard ---- */

void audience_continue(struct audience *audience, const struct audience *from, uint64_t now_ms)
{
	audience->announce = from->announce;
	spares_continue(&audience->spares, &from->spares, now_ms);
}

enum announce_step audience_witness(struct audience *audience, const struct address *local,
				    uint64_t now_ms)
{
	return announce_witness(&audience->announce, local, now_ms);
}

enum announce_step audience_greeted(struct audience *audience, enum greeting_kind kind,
				    const struct address *local, const struct address *about,
				    uint64_t now_ms)
{
	bool has_role_changed = spares_greeted(&audience->spares, kind, local, about, now_ms);
	enum announce_step step = announce_greeted(&audience->announce, kind, local, about, now_ms);

	if (kind == GREETING_LOST && step != ANNOUNCE_NOTHING)
		log_lost(audience, about, now_ms);
	if (!has_role_changed)
		return step;
	log_spare(audience, local, about, kind == GREETING_SPARE, now_ms);
	return step == ANNOUNCE_NOTHING ? ANNOUNCE_FOLLOW_SOON : step;
}
