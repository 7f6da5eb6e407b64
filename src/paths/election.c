/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Election: which of several far routers new connections go to. */
#include "paths/election.h"

#define NEVER UINT64_MAX

static void note(struct election *election, const bool *carries, unsigned n, uint64_t now_ms)
{
	for (unsigned i = 0; i < n; i++) {
		uint64_t *since_ms = &election->since_ms[i];

		if (!carries[i])
			*since_ms = NEVER;
		else if (*since_ms == NEVER)
			*since_ms = now_ms;
	}
}

/* Whether a router with a path is to be preferred to the active one by now. */
static bool has_proven(const struct election *election, unsigned router, uint64_t now_ms)
{
	uint64_t since_ms = election->since_ms[router];

	return since_ms != NEVER && now_ms - since_ms >= ELECTION_TRIAL_MS;
}

static unsigned first_that_carries(const struct election *election, const bool *carries, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (carries[i])
			return i;
	return election->active;
}

static unsigned first_that_has_proven(const struct election *election, uint64_t now_ms)
{
	unsigned i = 0;

	while (i < election->active && !has_proven(election, i, now_ms))
		i++;
	return i;
}

bool election_judge(struct election *election, const bool *carries, unsigned n, uint64_t now_ms)
{
	unsigned before = election->active;

	note(election, carries, n, now_ms);
	if (before < n && carries[before])
		election->active = first_that_has_proven(election, now_ms);
	else
		election->active = first_that_carries(election, carries, n);
	return election->active != before;
}

uint64_t election_due_ms(const struct election *election)
{
	uint64_t due_ms = NEVER;

	for (unsigned i = 0; i < election->active; i++) {
		uint64_t since_ms = election->since_ms[i];

		if (since_ms != NEVER && since_ms + ELECTION_TRIAL_MS < due_ms)
			due_ms = since_ms + ELECTION_TRIAL_MS;
	}
	return due_ms;
}
