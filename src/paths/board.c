/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The board: memory that supervisor and workers share. */
#include "paths/board.h"

#include "base/turns.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

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
	memcpy(&board->table[turns_free(&board->version)], table, sizeof(*table));
	turns_publish(&board->version);
}

const struct board_table *board_current(const struct board *board)
{
	return &board->table[turns_begin(&board->version) % 2];
}

bool board_read(const struct board *board, uint32_t *version, struct board_table *table)
{
	uint32_t now = turns_begin(&board->version);

	if (now == *version)
		return false;
	do {
		now = turns_begin(&board->version);
		memcpy(table, &board->table[now % 2], sizeof(*table));
	} while (!turns_hold(&board->version, now));
	*version = now;
	return true;
}

const struct board_path *board_path_at(const struct board_table *table, const struct address *local)
{
	for (uint32_t i = 0; i < table->n_paths; i++)
		if (address_ip_equal(&table->path[i].local, local))
			return &table->path[i];
	return NULL;
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

bool board_is_broadcast(const struct board_table *table, const struct address *ip)
{
	for (uint32_t i = 0; i < table->n_nets; i++)
		if (network_is_broadcast(&table->net[i].subnet, ip))
			return true;
	return false;
}
