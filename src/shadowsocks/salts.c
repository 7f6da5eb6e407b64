/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The memory of salts: a recorded stream is not taken for a new one. Pure, but for shared memory.
 */
#include "shadowsocks/salts.h"

#include "shadowsocks/wire.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Theory of operation. A salt is remembered exactly, and only once its header has been found to be
 * authentic, so that strangers cannot fill the memory.
 *
 * Each process has a table of two generations, and writes to the current one. When that was begun
 * SALTS_KEEP_S ago, everything in the other one is older than that: it is emptied and becomes the
 * current one. So each salt is remembered for one to two times SALTS_KEEP_S, and the memory is used
 * from its start on, as much as there is to remember. Methods without time in their headers forget
 * only when a generation is full.
 *
 * There are no locks. A process writes a salt to its own table first and then looks into those of
 * the others. If two are shown the same salt at the same time, at least one of them finds it in the
 * other's table (both writes come before both looks; the fence makes it so). An entry is
 * whole before its chain leads to it. A chain of a table that another process empties just then may
 * lead anywhere in that generation, which is why the steps are counted.
 *
 * The memory is that of a file. A file system that is full has none to give, and whoever touches it
 * then is killed (SIGBUS). So it is asked for before: the heads, where everybody looks, when the
 * store is opened, and entries some at a time by the process that writes them.
 */

/* Younger than some C libraries' headers. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define RESERVED_ENTRIES 128u
_Static_assert(SALTS_MOST % RESERVED_ENTRIES == 0, "entries are reserved to the last one");

size_t salts_store_bytes(unsigned n_tables)
{
	return sizeof(struct salts_store) + n_tables * sizeof(struct salts_table);
}

/* Of two clocks that are read one after the other, in whole seconds. */
#define CLOCKS_APART_S 2

static bool was_set_back(struct salts_store *store, uint64_t now_s, uint32_t since_boot_s)
{
	uint64_t epoch = now_s > since_boot_s ? now_s - since_boot_s : 0;
	uint64_t before = atomic_load(&store->epoch);
	bool is_earlier = epoch + CLOCKS_APART_S < before;

	if (is_earlier || epoch > before)
		atomic_store(&store->epoch, (uint32_t)epoch);
	return is_earlier;
}

bool salts_know(struct salts_store *store, uint64_t time_s, uint64_t now_s, uint32_t since_boot_s)
{
	uint64_t born = atomic_load(&store->born);
	bool is_of_another_clock = born == 0 || born > now_s;

	if (was_set_back(store, now_s, since_boot_s) || is_of_another_clock)
		atomic_store(&store->born, (uint32_t)now_s);
	return time_s >= atomic_load(&store->born);
}

/* MADV_POPULATE_WRITE is of Linux 5.14; before, the memory is taken to be there. */
static bool reserve(void *from, size_t n)
{
	uintptr_t offset = (uintptr_t)from % (uintptr_t)sysconf(_SC_PAGESIZE);

	if (madvise((uint8_t *)from - offset, n + offset, MADV_POPULATE_WRITE) == 0)
		return true;
	return errno != EFAULT && errno != ENOMEM;
}

int salts_reserve(struct salts_store *store, unsigned n_tables)
{
	for (unsigned i = 0; i < n_tables; i++) {
		struct salts_table *table = &store->table[i];
		struct salts_generation *second = &table->generation[1];

		if (!reserve(table, offsetof(struct salts_table, generation[0].entry)) ||
		    !reserve(second, offsetof(struct salts_generation, entry)))
			return -ENOSPC;
	}
	return reserve(store, sizeof(*store)) ? 0 : -ENOSPC;
}

/* For the next entry, and for those that come after it. */
static bool reserve_entries(struct salts_generation *generation)
{
	uint32_t n = atomic_load(&generation->n);
	struct salts_entry *entry = &generation->entry[n];

	return n % RESERVED_ENTRIES != 0 || reserve(entry, RESERVED_ENTRIES * sizeof(*entry));
}

/* Salts are random: any part of one is as good as a hash. */
static uint32_t chain_of(const uint8_t *salt)
{
	return (uint32_t)wire_read(salt, 4) % SALTS_HEADS;
}

static bool generation_has(struct salts_generation *generation,
			   const uint8_t salt[static CODEC_SALT_MAX])
{
	uint32_t at = atomic_load(&generation->head[chain_of(salt)]);

	for (uint32_t steps = 0; at != 0 && at <= SALTS_MOST && steps < SALTS_MOST; steps++) {
		struct salts_entry *entry = &generation->entry[at - 1];

		if (memcmp(entry->salt, salt, CODEC_SALT_MAX) == 0)
			return true;
		at = atomic_load(&entry->next);
	}
	return false;
}

static bool table_has(struct salts_table *table, const uint8_t salt[static CODEC_SALT_MAX])
{
	return generation_has(&table->generation[0], salt) ||
	       generation_has(&table->generation[1], salt);
}

static void empty(struct salts_generation *generation, uint32_t since_boot_s)
{
	for (unsigned i = 0; i < SALTS_HEADS; i++)
		atomic_store(&generation->head[i], 0);
	atomic_store(&generation->n, 0);
	generation->begun_s = since_boot_s;
}

/* A clock that went back was another one's: what was remembered by it counts from now on. */
static bool is_old(struct salts_generation *generation, uint32_t since_boot_s)
{
	if (generation->begun_s > since_boot_s)
		generation->begun_s = since_boot_s;
	return since_boot_s - generation->begun_s > SALTS_KEEP_S;
}

/* The generation to write to, or NULL when it is full and may not be forgotten yet. */
static struct salts_generation *room_in(const struct salts *salts, uint32_t since_boot_s)
{
	struct salts_table *table = &salts->store->table[salts->own];
	uint32_t current = atomic_load(&table->current) & 1;
	struct salts_generation *generation = &table->generation[current];
	bool is_full = atomic_load(&generation->n) >= SALTS_MOST;

	if (atomic_load(&generation->n) == 0)
		generation->begun_s = since_boot_s;
	if (salts->forgets ? !is_old(generation, since_boot_s) : !is_full)
		return is_full ? NULL : generation;
	current ^= 1;
	empty(&table->generation[current], since_boot_s);
	atomic_store(&table->current, current);
	return &table->generation[current];
}

static void put(struct salts_generation *generation, const uint8_t salt[static CODEC_SALT_MAX])
{
	uint32_t n = atomic_load(&generation->n);
	struct salts_entry *entry = &generation->entry[n];
	_Atomic uint32_t *head = &generation->head[chain_of(salt)];

	memcpy(entry->salt, salt, CODEC_SALT_MAX);
	atomic_store(&entry->next, atomic_load(head));
	atomic_store(&generation->n, n + 1);
	atomic_store(head, n + 1);
}

static bool others_have(const struct salts *salts, const uint8_t salt[static CODEC_SALT_MAX])
{
	for (unsigned i = 0; i < salts->n_tables; i++)
		if (i != salts->own && table_has(&salts->store->table[i], salt))
			return true;
	return false;
}

bool salts_remember(const struct salts *salts, const uint8_t *salt, size_t n, uint32_t since_boot_s)
{
	struct salts_generation *generation;
	uint8_t whole[CODEC_SALT_MAX] = {0};

	memcpy(whole, salt, n);
	if (table_has(&salts->store->table[salts->own], whole))
		return false;
	generation = room_in(salts, since_boot_s);
	if (!generation || !reserve_entries(generation))
		return false;
	put(generation, whole);
	atomic_thread_fence(memory_order_seq_cst);
	return !others_have(salts, whole);
}
