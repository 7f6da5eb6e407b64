/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rescuing an MPTCP connection that one of its subflows holds up. */
#ifndef MPBRIDGE_RESCUE_H
#define MPBRIDGE_RESCUE_H

#include "kernel/subflow.h"
#include "relay/flow.h"

/*
 * Which of the `n` subflows of one connection holds it up, and can be closed without harm: its
 * place among them, or -1. Pure.
 */
int rescue_find(const struct subflow *subflow, int n);

/* Has that subflow closed, if there is one. For a flow that has waited for room to send for a
 * while. */
void rescue_look(struct flow *flow);

#endif
