/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two MPTCP limits of a network namespace, which all of our processes there raise together. */
#include "paths/limits.h"

static bool is_equal(const struct mptcp_limits *a, const struct mptcp_limits *b)
{
	return a->subflows == b->subflows && a->add_addr_accepted == b->add_addr_accepted;
}

void limits_note(struct ledger_limits *shared, const struct mptcp_limits *actual,
		 const struct mptcp_limits *wanted)
{
	if (!limits_are_ours(shared, actual))
		shared->before = *actual;
	shared->set = *wanted;
	shared->is_raised = true;
}

bool limits_are_ours(const struct ledger_limits *shared, const struct mptcp_limits *actual)
{
	return shared->is_raised && is_equal(&shared->set, actual);
}
