/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The receive buffer of an MPTCP connection, when it is full of what came out of order. */
#ifndef MPBRIDGE_RECEIVE_BUFFER_H
#define MPBRIDGE_RECEIVE_BUFFER_H

#include <stdbool.h>

/*
 * Whether the connection holds as much as its buffer takes. Then the kernel hands nothing up from
 * the subflows, not even what is missing at the front (__mptcp_move_skbs() and
 * __mptcp_move_skbs_from_subflow() in net/mptcp/protocol.c). Where nothing can be read from it
 * either, that stays so. False where the kernel cannot say.
 */
bool receive_buffer_is_full(int fd);

/*
 * Makes a full one about four times as large, so that the next read gets on. That is with
 * SO_RCVLOWAT (mptcp_set_rcvlowat(), since 6.9) up to net.ipv4.tcp_rmem's third number or somewhat
 * more, and it goes on growing by itself; else with SO_RCVBUF up to the double of
 * net.core.rmem_max, and it stays at that. False where neither is more than it holds.
 */
bool receive_buffer_widen(int fd);

#endif
