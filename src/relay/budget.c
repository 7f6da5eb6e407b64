/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How many descriptors this process may still open. */
#include "relay/budget.h"

#include <assert.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

/* Kept for the moment between two flows, for syslog, and for a descriptor that nobody counted. */
#define SPARE 8

/* Descriptors are handed out from below, so the lowest free one tells how many are open. */
static uint32_t count_open(void)
{
	int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);

	if (fd < 0)
		return SPARE;
	close(fd);
	return (uint32_t)fd;
}

void budget_init(struct budget *budget)
{
	struct rlimit limit = {.rlim_cur = 1024};
	uint32_t used = count_open() + SPARE;

	getrlimit(RLIMIT_NOFILE, &limit);
	budget->limit = limit.rlim_cur > UINT32_MAX ? UINT32_MAX : (uint32_t)limit.rlim_cur;
	budget->on_given = NULL;
	budget->available = budget->limit > used ? budget->limit - used : 0;
}

bool budget_take(struct budget *budget, uint32_t count)
{
	if (budget->available < count)
		return false;
	budget->available -= count;
	return true;
}

void budget_give(struct budget *budget, uint32_t count)
{
	budget->available += count;
	assert(budget->available <= budget->limit);
	if (budget->on_given)
		budget->on_given(budget);
}
