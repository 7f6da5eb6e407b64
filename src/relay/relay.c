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
	char text[512];
	uint32_t left_out;
	va_list args;

	if (!log_limit_pass(&relay->notices[kind], relay->loop->now_ms, NOTICE_INTERVAL_MS,
			    &left_out))
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (left_out > 0)
		log_warning("%s (and %u more like it)", text, left_out);
	else
		log_warning("%s", text);
}
