/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slots: which tables and rules belong to which mpbridge process of a network namespace. */
#ifndef MPBRIDGE_SLOT_H
#define MPBRIDGE_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#define SLOT_MAX    16
#define SLOT_TABLES 16 /* routing tables of one slot: 52000 + 16 * slot and following */

/*
 * Claims the first slot that no live process holds in this network namespace, until *fd is closed
 * (by the death of the process, too). 0, -EBUSY (all are held), or -errno.
 */
int slot_claim(unsigned *slot, int *fd);

/* Whether a live process holds it. */
bool slot_is_held(unsigned slot);

uint32_t slot_table(unsigned slot, unsigned index);

/* Whether the table is one of this slot's. */
bool slot_owns_table(unsigned slot, uint32_t table);

/* Whether the table is one of some slot's. */
bool slot_is_our_table(uint32_t table);

/*
 * The priority of a slot's rules: those for a given source address come before the others. They are
 * 520 to 551, before the rules of mwan3 (from 1001), of a VRF (1000) and of VPNs (from 5200); since
 * they match our own connections only, by address and port, they take nothing away from anybody.
 */
uint32_t slot_bound_priority(unsigned slot);
uint32_t slot_unbound_priority(unsigned slot);

#endif
