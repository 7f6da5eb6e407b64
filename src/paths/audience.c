/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The audience: server: what clients say of the paths, and what the log says of that. */
#include "paths/audience.h"

#include <stdio.h>

#define LINES_MS  10000u /* between two lines of a kind */
#define END_BYTES 32

/* ---- the log ---- */

/* Whether a line of that kind may be written now, and what is to end it. */
static bool may_tell(struct audience *audience, enum audience_line line, uint64_t now_ms,
		     char end[static END_BYTES])
{
	uint32_t left_out;

	if (!log_limit_pass(&audience->limit[line], now_ms, LINES_MS, &left_out))
		return false;
	end[0] = '\0';
	if (left_out)
		snprintf(end, END_BYTES, " (and %u more like it)", left_out);
	return true;
}

static void log_lost(struct audience *audience, const struct address *about, uint64_t now_ms)
{
	char ip[ADDRESS_TEXT_BYTES], end[END_BYTES];

	if (may_tell(audience, AUDIENCE_LOST, now_ms, end))
		log_info("a client does not reach %s any more%s", address_format_ip(about, ip),
			 end);
}

static void log_spare(struct audience *audience, const struct address *local,
		      const struct address *client, bool is_spare, uint64_t now_ms)
{
	char ip[ADDRESS_TEXT_BYTES], client_ip[ADDRESS_TEXT_BYTES], end[END_BYTES];

	if (may_tell(audience, is_spare ? AUDIENCE_SPARE : AUDIENCE_NO_SPARE, now_ms, end))
		log_info("the client at %s %s %s a secondary link%s",
			 address_format_ip(client, client_ip),
			 is_spare ? "calls the way to" : "does no more call the way to",
			 address_format_ip(local, ip), end);
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
