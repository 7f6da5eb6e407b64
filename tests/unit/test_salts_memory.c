/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadowsocks/salts.c over a file whose file system is full: refused, not killed */
#include "suite.h"

#include "shadowsocks/salts.h"
#include "shadowsocks/wire.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#define NOW_S 1000

/* Younger than some C libraries' headers. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static struct salts_store *store_new(void)
{
	void *memory = mmap(NULL, salts_store_bytes(1), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}

static void store_free(struct salts_store *store)
{
	munmap(store, salts_store_bytes(1));
}

/* From here to the store's end there is no memory: touching it is a SIGBUS, as on a full tmpfs. */
static void end_memory(struct salts_store *store, const void *from)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t begin = ((uintptr_t)from + page - 1) / page * page;
	uintptr_t end = (uintptr_t)store + salts_store_bytes(1);
	int fd = memfd_create("nothing", MFD_CLOEXEC);

	assert_true(mmap((void *)begin, end - begin, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
			 fd, 0) != MAP_FAILED);
	close(fd);
	if (madvise((void *)begin, 1, MADV_POPULATE_WRITE) == 0 || errno == EINVAL) {
		print_message("this kernel has no MADV_POPULATE_WRITE (5.14)\n");
		skip();
	}
}

static bool remember(const struct salts *salts, uint32_t number)
{
	uint8_t salt[CODEC_SALT_MAX] = {1};

	wire_write(salt + 1, 4, number);
	return salts_remember(salts, salt, sizeof(salt), NOW_S);
}

static void no_memory_for_entries(void **state)
{
	struct salts_store *store = store_new();
	struct salts_generation *second = &store->table[0].generation[1];
	const struct salts salts = {store, 1, 0, false};
	uint32_t n;

	/* the first generation is full, and of the second there are the heads and a few entries */
	atomic_store(&store->table[0].generation[0].n, SALTS_MOST);
	assert_int_equal(salts_reserve(store, 1), 0);
	end_memory(store, &second->entry[500]);
	for (n = 0; n < 2000 && remember(&salts, n); n++)
		;
	assert_in_range(n, 128, 640);
	assert_false(remember(&salts, n));
	assert_int_equal(atomic_load(&second->n), n);
	assert_false(remember(&salts, 0)); /* what was remembered still is */
	store_free(store);
}

static void no_memory_for_heads(void **state)
{
	struct salts_store *store = store_new();

	end_memory(store, &store->table[0].generation[1]);
	assert_int_equal(salts_reserve(store, 1), -ENOSPC);
	store_free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory_for_entries),
		cmocka_unit_test(no_memory_for_heads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
