/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/secret.c */
#include "suite.h"

#include "base/secret.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static bool is_zero(const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i])
			return false;
	return true;
}

static void memory_is_zeroed_and_of_any_size(void **state)
{
	static const size_t sizes[] = {1, 32, 4000, 4096, 100000};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		unsigned char *key = secret_alloc(sizes[i]);

		assert_non_null(key);
		assert_true(is_zero(key, sizes[i]));
		assert_int_equal((uintptr_t)key % _Alignof(max_align_t), 0);
		memset(key, 0xa5, sizes[i]);
		secret_free(key, sizes[i]);
	}
	secret_free(NULL, 5);
	assert_null(secret_alloc(SIZE_MAX));
}

static void all_are_wiped_and_stay_readable(void **state)
{
	unsigned char *a = secret_alloc(32), *b = secret_alloc(5000);

	memset(a, 1, 32);
	memset(b, 2, 5000);
	secret_wipe_all();
	assert_true(is_zero(a, 32) && is_zero(b, 5000));
	secret_free(a, 32);
	secret_free(b, 5000);
	secret_wipe_all();
}

/* Whether smaps says of the mapping that holds `p`: left out of core dumps ("dd" in VmFlags). */
static bool is_left_out(const void *p)
{
	FILE *file = fopen("/proc/self/smaps", "re");
	unsigned long begin, end;
	bool is_here = false, is_out = false;
	char line[512];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%lx-%lx ", &begin, &end) == 2)
			is_here = (uintptr_t)p >= begin && (uintptr_t)p < end;
		else if (is_here && strncmp(line, "VmFlags:", 8) == 0)
			is_out = strstr(line, " dd") != NULL;
	}
	fclose(file);
	return is_out;
}

/* qemu-user keeps such advice to itself. */
static bool can_be_left_out(void)
{
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool is_out;

	assert_ptr_not_equal(page, MAP_FAILED);
	assert_int_equal(madvise(page, bytes, MADV_DONTDUMP), 0);
	is_out = is_left_out(page);
	munmap(page, bytes);
	return is_out;
}

static void core_dumps_have_none(void **state)
{
	unsigned char *key;
	int other;

	if (!can_be_left_out()) {
		print_message("qemu-user keeps the advice for core dumps to itself\n");
		skip();
	}
	key = secret_alloc(32);
	assert_true(is_left_out(key));
	assert_false(is_left_out(&other));
	secret_free(key, 32);
}

/* The signal that ends a child which touches `at`; 0: none. */
static int touch(const volatile unsigned char *at)
{
	int how;
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGSEGV, SIG_DFL);
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		_exit(*at == 7 ? 7 : 0);
	}
	waitpid(child, &how, 0);
	return WIFSIGNALED(how) ? WTERMSIG(how) : 0;
}

static void guards_stand_on_both_sides(void **state)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *key = secret_alloc(32);

	assert_int_equal(touch(key), 0);
	assert_int_equal(touch(key + page), SIGSEGV);
	assert_int_equal(touch((unsigned char *)((uintptr_t)key & ~(page - 1)) - 1), SIGSEGV);
	secret_free(key, 32);
}

static void texts_are_overwritten(void **state)
{
	char text[] = "hunter2";

	secret_wipe_text(text);
	assert_true(is_zero((unsigned char *)text, sizeof(text)));
	secret_wipe_text(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_and_of_any_size),
		cmocka_unit_test(all_are_wiped_and_stay_readable),
		cmocka_unit_test(core_dumps_have_none),
		cmocka_unit_test(guards_stand_on_both_sides),
		cmocka_unit_test(texts_are_overwritten),
	};

	RUN_SUITE(tests);
}
