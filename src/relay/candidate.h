/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which path a connection's first subflow tries next. Pure. */
#ifndef MPBRIDGE_CANDIDATE_H
#define MPBRIDGE_CANDIDATE_H

#include "paths/board.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The best path that is not down (or only because the server refuses) and whose place's bit in
 * `tried` is not set, or NULL. Paths on which the kernel then makes the other subflows (may_start),
 * and where none are made anew now (is_shut), go first; among them those that are neither
 * secondary, backup nor guarded, then the secondary ones, the backups, and those that are guarded
 * or left to others; among these those that nobody suspects; otherwise the order of the table
 * counts, which is the configuration's. Paths to a far router on standby do not count.
 */
const struct board_path *candidate_next(const struct board_table *table, uint16_t tried);

/* The same of those to far routers on standby, if it is not down: a refusal there is believed. */
const struct board_path *candidate_standby(const struct board_table *table, uint16_t tried);

/* Whether a far router has servers of both families: only an IPv6 socket takes subflows of both. */
bool candidate_has_both_families(const struct board_table *table);

/* How many paths to the active far router are not down: as many subflows as a new connection should
 * get. */
unsigned candidate_count(const struct board_table *table);

/* How long an attempt over this path is alone, before the next one begins beside it. */
uint32_t candidate_head_start_ms(const struct board_path *path);

#endif
