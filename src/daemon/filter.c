/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of system calls as a program for the kernel (seccomp, classic BPF). */
#include "daemon/filter.h"

#include "daemon/calls.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

#ifndef SECCOMP_RET_KILL_PROCESS /* linux 4.14 */
#define SECCOMP_RET_KILL_PROCESS 0x80000000U
#endif

/*
 * Theory of operation. The program is a list of blocks, one for each row of the tables:
 *
 *     is it this number?  no: to the next block
 *     for each test:      load the argument, mask it; none of its values: TRAP
 *     ALLOW (or KILL)
 *
 * A block that loads arguments ends in a verdict, so the number is always loaded where a block
 * begins. Jumps reach 255 steps at most, a block has fewer than 40. For calls whose arguments do
 * not matter the kernel (5.11 and later) runs the program once and remembers the answer.
 *
 * struct seccomp_data is { int nr; u32 arch; u64 instruction_pointer; u64 args[6]; }.
 */

#define NUMBER_AT	offsetof(struct seccomp_data, nr)
#define ARCHITECTURE_AT offsetof(struct seccomp_data, arch)
#define X32_BIT		0x40000000U /* __X32_SYSCALL_BIT, arch/x86/include/uapi/asm/unistd.h */

uint32_t filter_architecture(void)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	return AUDIT_ARCH_X86_64;
#elif defined(__i386__)
	return AUDIT_ARCH_I386;
#elif defined(__aarch64__) && __BYTE_ORDER == __LITTLE_ENDIAN && defined(__LP64__)
	return AUDIT_ARCH_AARCH64;
#elif defined(__arm__) && defined(__ARM_EABI__)
	return __BYTE_ORDER == __LITTLE_ENDIAN ? AUDIT_ARCH_ARM : AUDIT_ARCH_ARMEB;
#elif defined(__mips__) && defined(_ABIO32) && _MIPS_SIM == _ABIO32
	return __BYTE_ORDER == __LITTLE_ENDIAN ? AUDIT_ARCH_MIPSEL : AUDIT_ARCH_MIPS;
#elif defined(__mips__) && defined(_ABI64) && _MIPS_SIM == _ABI64
	return __BYTE_ORDER == __LITTLE_ENDIAN ? AUDIT_ARCH_MIPSEL64 : AUDIT_ARCH_MIPS64;
#elif defined(__riscv) && __riscv_xlen == 64
	return AUDIT_ARCH_RISCV64;
#else
	return 0;
#endif
}

static void put(struct filter *filter, uint16_t code, uint32_t k, uint8_t if_so, uint8_t if_not)
{
	assert(filter->n < FILTER_STEPS_MAX);
	filter->step[filter->n++] = (struct sock_filter){code, if_so, if_not, k};
}

static void put_load(struct filter *filter, size_t offset)
{
	put(filter, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset, 0, 0);
}

static void put_verdict(struct filter *filter, uint32_t verdict)
{
	put(filter, BPF_RET | BPF_K, verdict, 0, 0);
}

static size_t lower_half_of(unsigned argument)
{
	size_t at = offsetof(struct seccomp_data, args) + argument * sizeof(uint64_t);

	return __BYTE_ORDER == __LITTLE_ENDIAN ? at : at + sizeof(uint32_t);
}

static void put_test(struct filter *filter, const struct call_test *test)
{
	put_load(filter, lower_half_of(test->argument));
	if (test->mask != UINT32_MAX)
		put(filter, BPF_ALU | BPF_AND | BPF_K, test->mask, 0, 0);
	/* a value that fits jumps over the other ones and the verdict after them */
	for (unsigned i = 0; i < test->n; i++)
		put(filter, BPF_JMP | BPF_JEQ | BPF_K, test->value[i], (uint8_t)(test->n - i), 0);
	put_verdict(filter, SECCOMP_RET_TRAP);
}

static void put_call(struct filter *filter, const struct call *call, pid_t pid)
{
	unsigned at = filter->n;

	put(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)call->number, 0, 0);
	for (const struct call_test *test = call->tests; test && test->n > 0; test++)
		put_test(filter, test);
	if (call->own_pid_argument > 0)
		put_test(filter, &(struct call_test){.argument = call->own_pid_argument - 1,
						     .n = 1,
						     .mask = UINT32_MAX,
						     .value = {(uint32_t)pid}});
	put_verdict(filter, SECCOMP_RET_ALLOW);
	filter->step[at].jf = (uint8_t)(filter->n - at - 1);
}

static bool is_needed(const struct call *call, const struct filter_needs *needs)
{
	switch (call->need) {
	case CALL_ALWAYS:
		return true;
	case CALL_SPLICING:
		return needs->splices;
	case CALL_CLIENT:
		return !needs->is_server;
	case CALL_SERVER:
		return needs->is_server;
	case CALL_RAW:
		return needs->keeps_raw;
	case CALL_NOT_RAW:
		return !needs->keeps_raw;
	}
	return false;
}

/* Numbers mean something else in the other architectures that the processor can run. */
static void put_architecture(struct filter *filter)
{
	put_load(filter, ARCHITECTURE_AT);
	put(filter, BPF_JMP | BPF_JEQ | BPF_K, filter_architecture(), 1, 0);
	put_verdict(filter, SECCOMP_RET_KILL_PROCESS);
	put_load(filter, NUMBER_AT);
	if (filter_architecture() == AUDIT_ARCH_X86_64) {
		put(filter, BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1);
		put_verdict(filter, SECCOMP_RET_KILL_PROCESS);
	}
}

int filter_build(struct filter *filter, const struct filter_needs *needs)
{
	if (filter_architecture() == 0)
		return -ENOTSUP;
	filter->n = 0;
	put_architecture(filter);
	for (unsigned i = 0; i < calls_n_allowed; i++)
		if (is_needed(&calls_allowed[i], needs))
			put_call(filter, &calls_allowed[i], needs->pid);
	for (unsigned i = 0; i < calls_n_deadly; i++) {
		put(filter, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)calls_deadly[i], 0, 1);
		put_verdict(filter, SECCOMP_RET_KILL_PROCESS);
	}
	put_verdict(filter, SECCOMP_RET_TRAP);
	return 0;
}
