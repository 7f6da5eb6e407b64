/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which path a connection's first subflow tries next. Pure. */
#ifndef MPBRIDGE_CANDIDATE_H
#define MPBRIDGE_CANDIDATE_H

#include "paths/board.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * The best path whose place's bit in `tried` is not set, or NULL. Paths on which the kernel then
 * makes the other subflows (may_start) go first, among them those whose greeting was answered;
 * otherwise the order of the table counts, which is the configuration's.
 */
const struct board_path *candidate_next(const struct board_table *table, uint16_t tried);

/* Whether the table's servers are of both families: only an IPv6 socket takes subflows of both. */
bool candidate_has_both_families(const struct board_table *table);

/* How many paths answer: as many subflows as a new connection should get. */
unsigned candidate_answering(const struct board_table *table);

#endif
