/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A race: attempts of one flow to reach the far router or its destination, beside its first. */
#ifndef MPBRIDGE_RACE_H
#define MPBRIDGE_RACE_H

#include "base/loop.h"

#include <stdbool.h>

struct flow;

/*
 * Takes the descriptor of an attempt that is under way. on_result is called for each that has
 * connected (0) or failed (-errno); of one that failed the descriptor is closed by then, of one
 * that has connected race_win() makes the flow's. 0 or -errno: -EMFILE (the budget), -ENOMEM; then
 * the descriptor is closed.
 */
int race_add(struct flow *flow, int fd, void (*on_result)(struct flow *flow, int error));

/* From on_result(flow, 0): closes the flow's own attempt and all others; this one takes its place.
 */
int race_win(struct flow *flow);

/* Whether any attempt in it is under way. */
bool race_is_on(const struct flow *flow);

/* Closes all that are under way. The memory stays until race_free(), from the flow's last task. */
void race_close(struct flow *flow);
void race_free(struct flow *flow);

#endif
