/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The board: memory that supervisor and workers share. */
#include "paths/board.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * A writer needs a few microseconds. A reader that still meets it after so many attempts meets one
 * that was stopped or killed half way: it goes on with what it has, and asks again the next time.
 */
#define ATTEMPTS 1000

struct board *board_map(int fd)
{
	struct board *board;
	struct stat status;

	if (fstat(fd, &status) < 0)
		return NULL;
	if ((size_t)status.st_size != sizeof(*board)) {
		errno = EINVAL;
		return NULL;
	}
	board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return board == MAP_FAILED ? NULL : board;
}

struct board *board_new(int *fd)
{
	struct board *board = NULL;

	*fd = memfd_create("mpbridge-board", MFD_CLOEXEC);
	if (*fd >= 0 && ftruncate(*fd, sizeof(*board)) == 0)
		board = board_map(*fd);
	if (!board && *fd >= 0) {
		close(*fd);
		*fd = -1;
	}
	return board;
}

void board_free(struct board *board)
{
	if (board)
		munmap(board, sizeof(*board));
}

void board_publish(struct board *board, const struct board_table *table)
{
	uint32_t version = atomic_load_explicit(&board->version, memory_order_relaxed);

	atomic_store_explicit(&board->version, version + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	memcpy(&board->table, table, sizeof(*table));
	atomic_store_explicit(&board->version, version + 2, memory_order_release);
}

/* One attempt; *before is the version that was copied, or that was seen to be half written. */
static bool try_copy(const struct board *board, uint32_t *before, struct board_table *table)
{
	*before = atomic_load_explicit(&board->version, memory_order_acquire);
	if (*before % 2)
		return false;
	memcpy(table, &board->table, sizeof(*table));
	atomic_thread_fence(memory_order_acquire);
	return atomic_load_explicit(&board->version, memory_order_relaxed) == *before;
}

bool board_read(const struct board *board, uint32_t *version, struct board_table *table)
{
	struct board_table copy;
	uint32_t before;

	if (atomic_load_explicit(&board->version, memory_order_relaxed) == *version)
		return false;
	for (int i = 0; i < ATTEMPTS; i++) {
		if (try_copy(board, &before, &copy)) {
			*table = copy;
			*version = before;
			return true;
		}
	}
	return false;
}

bool board_is_own_address(const struct board_table *table, const struct address *ip)
{
	for (uint32_t i = 0; i < table->n_nets; i++)
		if (address_ip_equal(&table->net[i].own, ip))
			return true;
	return address_is_loopback(ip);
}

bool board_is_connected(const struct board_table *table, const struct address *ip)
{
	for (uint32_t i = 0; i < table->n_nets; i++)
		if (network_contains(&table->net[i].subnet, ip))
			return true;
	return false;
}
