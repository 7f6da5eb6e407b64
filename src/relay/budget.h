/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many descriptors this process may still open. */
#ifndef MPBRIDGE_BUDGET_H
#define MPBRIDGE_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

struct budget {
	uint32_t limit;	    /* RLIMIT_NOFILE */
	uint32_t available; /* below it, and not yet spoken for */
	/* Called when some come back. May be NULL. */
	void (*on_given)(struct budget *budget);
};

/* Counts what is open now against RLIMIT_NOFILE. */
void budget_init(struct budget *budget);

/* Takes `count` descriptors, or none and false. */
bool budget_take(struct budget *budget, uint32_t count);
void budget_give(struct budget *budget, uint32_t count);

#endif
