/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadowsocks/salts.c: each salt is new once, to all processes together, for long enough. */
#include "suite.h"

#include "shadowsocks/salts.h"
#include "shadowsocks/wire.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TABLES	3
#define START_S 1000

static struct salts_store *store_new(void)
{
	void *memory = mmap(NULL, salts_store_bytes(TABLES), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}

static void store_free(struct salts_store *store)
{
	munmap(store, salts_store_bytes(TABLES));
}

static struct salts salts_of(struct salts_store *store, unsigned own, bool forgets)
{
	return (struct salts){store, TABLES, own, forgets};
}

/* A salt of this number; spread as random ones would be. */
static bool remember(const struct salts *salts, uint32_t number, uint32_t now_s)
{
	uint8_t salt[CODEC_SALT_MAX] = {0};

	wire_write(salt, 4, number * 2654435761u);
	wire_write(salt + 28, 4, number);
	return salts_remember(salts, salt, sizeof(salt), now_s);
}

static void new_once(void **state)
{
	struct salts_store *store = store_new();
	struct salts a = salts_of(store, 0, true), b = salts_of(store, 2, true);
	uint8_t salt[CODEC_SALT_MAX] = {1, 2, 3};

	assert_true(salts_remember(&a, salt, 32, START_S));
	assert_false(salts_remember(&a, salt, 32, START_S));
	assert_false(salts_remember(&b, salt, 32, START_S)); /* another process saw it */
	for (int bit = 0; bit < 256; bit++) {
		salt[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_true(salts_remember(&b, salt, 32, START_S));
		assert_false(salts_remember(&a, salt, 32, START_S));
		salt[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	memset(salt, 0, sizeof(salt));
	assert_true(salts_remember(&a, salt, 16, START_S)); /* all zeros, and a short one */
	assert_false(salts_remember(&b, salt, 16, START_S));
	store_free(store);
}

/* Whatever it is that comes, and whenever: nothing is forgotten before its time. */
static void remembered_for_a_minute(void **state)
{
	for (uint32_t gap_s = 1; gap_s <= 90; gap_s += 8) {
		struct salts_store *store = store_new();
		struct salts salts = salts_of(store, 0, true);
		uint32_t number = 0;

		for (uint32_t now_s = START_S; now_s < START_S + 400; now_s += gap_s) {
			uint32_t kept = SALTS_KEEP_S / gap_s;

			assert_true(remember(&salts, number, now_s));
			for (uint32_t back = 0; back <= kept && back <= number; back++)
				assert_false(remember(&salts, number - back, now_s));
			number++;
		}
		store_free(store);
	}
}

/* Room is given back: a salt is forgotten when something new has come twice the time later. */
static void forgotten_after_that(void **state)
{
	struct salts_store *store = store_new();
	struct salts salts = salts_of(store, 0, true);

	assert_true(remember(&salts, 1, START_S));
	assert_true(remember(&salts, 2, START_S + SALTS_KEEP_S + 1));
	assert_false(remember(&salts, 1, START_S + SALTS_KEEP_S + 1));
	assert_true(remember(&salts, 3, START_S + 2 * SALTS_KEEP_S + 2));
	assert_true(remember(&salts, 1, START_S + 2 * SALTS_KEEP_S + 2));
	store_free(store);
}

static void without_time_none_is_forgotten(void **state)
{
	struct salts_store *store = store_new();
	struct salts salts = salts_of(store, 0, false);

	for (uint32_t i = 0; i < 1000; i++)
		assert_true(remember(&salts, i, START_S + i * 100));
	for (uint32_t i = 0; i < 1000; i++)
		assert_false(remember(&salts, i, START_S + 1000000));
	store_free(store);
}

/* With time nothing is let in that could not be remembered; then the other generation has room. */
static void full_with_time(void **state)
{
	struct salts_store *store = store_new();
	struct salts salts = salts_of(store, 0, true);

	for (uint32_t i = 0; i < SALTS_MOST; i++)
		assert_true(remember(&salts, i, START_S));
	assert_false(remember(&salts, SALTS_MOST, START_S + SALTS_KEEP_S));
	assert_true(remember(&salts, SALTS_MOST, START_S + SALTS_KEEP_S + 1));
	assert_false(remember(&salts, 0, START_S + SALTS_KEEP_S + 1));
	store_free(store);
}

/* Without time the oldest generation gives way: what is remembered is the last SALTS_MOST. */
static void full_without_time(void **state)
{
	struct salts_store *store = store_new();
	struct salts salts = salts_of(store, 0, false);

	for (uint32_t i = 0; i < SALTS_MOST; i++)
		assert_true(remember(&salts, i, START_S));
	for (uint32_t i = SALTS_MOST; i < 2 * SALTS_MOST; i++)
		assert_true(remember(&salts, i, START_S));
	assert_false(remember(&salts, 0, START_S));
	assert_true(remember(&salts, 2 * SALTS_MOST, START_S));
	assert_false(remember(&salts, SALTS_MOST, START_S));
	assert_true(remember(&salts, 0, START_S));
	store_free(store);
}

/* What was remembered before counts from now on, and nothing is lost at once. */
static void clock_set_back(void **state)
{
	struct salts_store *store = store_new();
	struct salts salts = salts_of(store, 0, true);

	assert_true(remember(&salts, 1, 5000));
	assert_false(remember(&salts, 1, 10));
	assert_true(remember(&salts, 2, 10));
	assert_false(remember(&salts, 1, 10 + SALTS_KEEP_S));
	assert_true(remember(&salts, 3, 10 + SALTS_KEEP_S + 1));
	assert_false(remember(&salts, 1, 10 + SALTS_KEEP_S + 1));
	assert_true(remember(&salts, 4, 10 + 2 * SALTS_KEEP_S + 2));
	assert_true(remember(&salts, 1, 10 + 2 * SALTS_KEEP_S + 2));
	store_free(store);
}

/* A file may hold anything. Nothing is read outside it, and no salt is new twice. */
static void rubbish_does_no_harm(void **state)
{
	for (unsigned seed = 0; seed < 6; seed++) {
		struct salts_store *store = store_new();
		uint8_t *bytes = (uint8_t *)store;
		size_t n = salts_store_bytes(TABLES);

		srand(seed);
		for (size_t i = 0; i < n; i += seed < 3 ? 1 : 1 + (size_t)rand() % 64)
			bytes[i] = seed == 0 ? 0xff : (uint8_t)rand();
		for (unsigned own = 0; own < TABLES; own++)
			for (uint32_t i = 0; i < 50; i++) {
				struct salts salts = salts_of(store, own, seed % 2);

				remember(&salts, i, START_S);
				assert_false(remember(&salts, i, START_S));
			}
		store_free(store);
	}
}

/* A chain that leads in a circle ends all the same. */
static void circle_ends(void **state)
{
	struct salts_store *store = store_new();
	struct salts salts = salts_of(store, 0, true);
	struct salts_generation *generation = &store->table[1].generation[0];

	for (uint32_t i = 0; i < SALTS_HEADS; i++)
		generation->head[i] = 1;
	generation->entry[0].next = 1;
	memset(generation->entry[0].salt, 'x', CODEC_SALT_MAX);
	assert_true(remember(&salts, 1, START_S));
	assert_false(remember(&salts, 1, START_S));
	store_free(store);
}

#define SHOWN 20000

/* Both begin when both are there. Writes down which salts were new to this process. */
static void be_shown(struct salts_store *store, unsigned own, uint8_t *was_new,
		     _Atomic uint32_t *step)
{
	struct salts salts = salts_of(store, own, true);

	for (uint32_t i = 0; i < SHOWN; i++) {
		atomic_fetch_add(step, 1);
		while (atomic_load(step) < 2 * (i + 1))
			sched_yield();
		was_new[i] = remember(&salts, i, START_S);
	}
}

/* In lockstep: a recording that is shown to two workers at once is new to one of them at most. */
static void never_new_to_both(void **state)
{
	struct salts_store *store = store_new();
	uint8_t *was_new = mmap(NULL, 2 * SHOWN + sizeof(uint32_t), PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	_Atomic uint32_t *step = (void *)(was_new + 2 * SHOWN);
	unsigned both = 0, none = 0;
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	be_shown(store, child == 0, was_new + (child == 0) * SHOWN, step);
	if (child == 0)
		_exit(0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	for (uint32_t i = 0; i < SHOWN; i++) {
		both += was_new[i] && was_new[SHOWN + i];
		none += !was_new[i] && !was_new[SHOWN + i];
	}
	assert_int_equal(both, 0);
	assert_true(none < SHOWN); /* both may say so, but not always */
	munmap(was_new, 2 * SHOWN + sizeof(uint32_t));
	store_free(store);
}

/* When the clock is set back, what has been forgotten since is in time again. */
static void clock_set_back_makes_it_begin_anew(void **state)
{
	struct salts_store *store = store_new();
	const uint64_t unix_s = 1000000;

	assert_true(salts_know(store, unix_s, unix_s, START_S));
	assert_false(salts_know(store, unix_s - 1, unix_s, START_S)); /* of before it */
	assert_true(salts_know(store, unix_s, unix_s + 200, START_S + 200));
	assert_true(salts_know(store, unix_s, unix_s + 199, START_S + 201)); /* read in parts */
	assert_false(salts_know(store, unix_s, unix_s + 20, START_S + 220)); /* 200 s back */
	assert_false(salts_know(store, unix_s + 19, unix_s + 21, START_S + 221));
	assert_true(salts_know(store, unix_s + 20, unix_s + 21, START_S + 221));
	assert_true(salts_know(store, unix_s + 900, unix_s + 900, START_S + 222)); /* ahead */
	assert_true(salts_know(store, unix_s + 20, unix_s + 900, START_S + 222));
	store_free(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_once),
		cmocka_unit_test(remembered_for_a_minute),
		cmocka_unit_test(forgotten_after_that),
		cmocka_unit_test(without_time_none_is_forgotten),
		cmocka_unit_test(full_with_time),
		cmocka_unit_test(full_without_time),
		cmocka_unit_test(clock_set_back),
		cmocka_unit_test(clock_set_back_makes_it_begin_anew),
		cmocka_unit_test(rubbish_does_no_harm),
		cmocka_unit_test(circle_ends),
		cmocka_unit_test(never_new_to_both),
	};

	RUN_SUITE(tests);
}
