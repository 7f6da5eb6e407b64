/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The relay: what the flows of one worker share. */
#include "relay/relay.h"

#include <stdarg.h>
#include <stdio.h>

#define NOTICE_INTERVAL_MS 10000

const struct board_table *relay_table(struct relay *relay)
{
	board_read(relay->board, &relay->table_version, &relay->table);
	return &relay->table;
}

void relay_witness(struct relay *relay, const struct address *local)
{
	for (unsigned i = 0; i < relay->n_witnessed; i++)
		if (address_ip_equal(&relay->witnessed[i], local))
			return;
	if (relay->n_witnessed == BOARD_PATHS_MAX)
		return;
	relay->witnessed[relay->n_witnessed++] = *local;
	relay->on_witness(relay, local);
}

void relay_notice(struct relay *relay, enum relay_notice kind, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_limited_args(&relay->notices[kind], relay->loop->now_ms, NOTICE_INTERVAL_MS,
			 LOG_LEVEL_WARNING, format, args);
	va_end(args);
}
