/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Giving privileges up. */
#ifndef MPBRIDGE_PRIVILEGE_H
#define MPBRIDGE_PRIVILEGE_H

#include <stdbool.h>
#include <sys/types.h>

struct privilege_user {
	uid_t uid;
	gid_t gid;
};

/*
 * Finds the workers' user: `name`, or for "" the user mpbridge, or else nobody. -ENOENT, with one
 * line in the log, when there is none.
 */
int privilege_find_user(const char *name, struct privilege_user *out);

/*
 * Becomes that user for good: no capability, no group, nothing to gain by exec. A process that is
 * not root keeps its user. With keeps_raw CAP_NET_RAW is left, with which a socket can have an
 * address of somebody else; -EPERM if it is not there, which has been logged. 0 or -errno.
 */
int privilege_drop(const struct privilege_user *user, bool keeps_raw);

/*
 * Keeps other processes of the same user out of this one's memory (ptrace(2), /proc/PID/mem), and
 * the memory out of core dumps: there may be keys in it. Children inherit that. A build with a
 * sanitizer has no core dump either, but looks into itself.
 */
void privilege_hide_memory(void);

#endif
