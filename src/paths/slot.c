/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Slots: which tables and rules belong to which mpbridge process of a network namespace. */
#include "paths/slot.h"

#include "kernel/claim.h"

#include <errno.h>
#include <stdio.h>

#define FIRST_TABLE    52000u
#define FIRST_PRIORITY 520u
#define NAME_BYTES     32

static const char *name_of(unsigned slot, char name[static NAME_BYTES])
{
	snprintf(name, NAME_BYTES, "mpbridge.slot.%u", slot);
	return name;
}

int slot_claim(unsigned *slot, int *fd)
{
	char name[NAME_BYTES];

	for (*slot = 0; *slot < SLOT_MAX; ++*slot) {
		*fd = claim_take(name_of(*slot, name));
		if (*fd != -EBUSY)
			break;
	}
	return *fd < 0 ? *fd : 0;
}

bool slot_is_held(unsigned slot)
{
	char name[NAME_BYTES];

	return claim_is_held(name_of(slot, name));
}

uint32_t slot_table(unsigned slot, unsigned index)
{
	return FIRST_TABLE + slot * SLOT_TABLES + index;
}

bool slot_owns_table(unsigned slot, uint32_t table)
{
	return table >= slot_table(slot, 0) && table <= slot_table(slot, SLOT_TABLES - 1);
}

bool slot_is_our_table(uint32_t table)
{
	return table >= FIRST_TABLE && table < FIRST_TABLE + SLOT_MAX * SLOT_TABLES;
}

uint32_t slot_bound_priority(unsigned slot)
{
	return FIRST_PRIORITY + 2 * slot;
}

uint32_t slot_unbound_priority(unsigned slot)
{
	return slot_bound_priority(slot) + 1;
}
