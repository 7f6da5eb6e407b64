/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of system calls as a program for the kernel (seccomp, classic BPF). */
#ifndef MPBRIDGE_FILTER_H
#define MPBRIDGE_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define FILTER_STEPS_MAX 512

/* Of which worker the filter is. */
struct filter_needs {
	bool is_server;
	bool splices;
	bool keeps_raw; /* see privilege_drop() */
	pid_t pid;
};

struct filter {
	unsigned n;
	struct sock_filter step[FILTER_STEPS_MAX];
};

/* AUDIT_ARCH_* of this build, as in struct seccomp_data; 0: one that filter_build() does not know.
 */
uint32_t filter_architecture(void);

/*
 * Writes the program. It answers SECCOMP_RET_ALLOW, SECCOMP_RET_TRAP for what is in no table or has
 * other arguments, and SECCOMP_RET_KILL_PROCESS for deadly calls and for those of another
 * architecture (x32 included). Pure. 0, or -ENOTSUP on an unknown architecture.
 */
int filter_build(struct filter *filter, const struct filter_needs *needs);

#endif
