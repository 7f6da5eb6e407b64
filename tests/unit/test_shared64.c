/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/shared64.h, as it is on processors that do not store 64 bits at once. */
#define SHARED64_IS_HALVED 1
#include "suite.h"

#include "base/shared64.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define BOTH_HALVES 0x100000001u /* times a number of 32 bits: it is in both */

static struct shared64 *number;

static int map(void **state)
{
	number = mmap(NULL, sizeof(*number), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return number == MAP_FAILED ? -1 : 0;
}

static int unmap(void **state)
{
	return munmap(number, sizeof(*number));
}

static void holds_what_was_written(void **state)
{
	assert_int_equal(shared64_get(number), 0);
	shared64_set(number, UINT64_MAX - 1);
	assert_int_equal(shared64_get(number), UINT64_MAX - 1);
	shared64_add(number, 3);
	assert_int_equal(shared64_get(number), 1);
	shared64_set(number, 0);
}

static _Noreturn void write_for_ever(void)
{
	for (uint64_t i = 1;; i++)
		shared64_set(number, (i & UINT32_MAX) * BOTH_HALVES);
}

/* Another process writes: both halves are always of one number, though it be stopped half way. */
static void is_read_whole(void **state)
{
	unsigned n_seen = 0;
	uint64_t before = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		write_for_ever();
	while (n_seen < 1000) {
		uint64_t value = shared64_get(number);

		assert_int_equal(value >> 32, value & UINT32_MAX);
		n_seen += value != before;
		before = value;
	}
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	before = shared64_get(number);
	assert_int_equal(before >> 32, before & UINT32_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(holds_what_was_written),
		cmocka_unit_test(is_read_whole),
	};

	return cmocka_run_group_tests(tests, map, unmap);
}
