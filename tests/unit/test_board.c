/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/board.c: what a reader sees, also while another process writes. */
#include "addresses.h"
#include "suite.h"

#include "paths/board.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct board_net net(const char *own, const char *subnet)
{
	struct board_net result = {.own = ip(own)};

	assert_true(network_parse(subnet, &result.subnet));
	return result;
}

static void reads_what_changed(void **state)
{
	int fd;
	struct board *board = board_new(&fd);
	struct board_table table = {.n_paths = 1, .path[0].interface = "wan1"}, copy;
	uint32_t version = UINT32_MAX;

	assert_true(board_read(board, &version, &copy));
	assert_int_equal(copy.n_paths, 0);
	assert_false(board_read(board, &version, &copy));
	board_publish(board, &table);
	assert_true(board_read(board, &version, &copy));
	assert_string_equal(copy.path[0].interface, "wan1");
	assert_false(board_read(board, &version, &copy));
	board_free(board);
	close(fd);
}

static void another_program_sees_the_same(void **state)
{
	int fd;
	struct board *board = board_new(&fd), *other = board_map(fd);
	struct board_table table = {.n_paths = 3}, copy;
	uint32_t version = UINT32_MAX;

	board_publish(board, &table);
	assert_true(board_read(other, &version, &copy));
	assert_int_equal(copy.n_paths, 3);
	board_free(board);
	board_free(other);
	close(fd);
	assert_null(board_map(fd));
}

/* A writer that is held up half way hinders nobody: not even one that has read nothing yet. */
static void half_written_table_is_not_read(void **state)
{
	int fd;
	struct board *board = board_new(&fd);
	struct board_table table = {.n_paths = 7, .n_nets = 3}, copy = {0};
	uint32_t version = UINT32_MAX;

	for (uint32_t i = 0; i < 2; i++) {
		board_publish(board, &table);
		memset(&board->table[(board->version + 1) % 2], 0xff, sizeof(table) / 2);
		version = UINT32_MAX;
		assert_true(board_read(board, &version, &copy));
		assert_memory_equal(&copy, &table, sizeof(table));
		assert_memory_equal(board_current(board), &table, sizeof(table));
	}
	board_free(board);
	close(fd);
}

static void write_numbers(struct board *board, uint32_t count)
{
	struct board_table table = {0};

	for (uint32_t n = 1; n <= count; n++) {
		table.n_paths = table.n_nets = n;
		table.path[BOARD_PATHS_MAX - 1].ifindex = n;
		table.net[BOARD_NETS_MAX - 1].own.port = (uint16_t)n;
		board_publish(board, &table);
	}
}

/* A child writes; each table that is read is one that was written. */
static void readers_see_whole_tables(void **state)
{
	const uint32_t count = 50000;
	int fd;
	struct board *board = board_new(&fd);
	struct board_table copy = {0};
	uint32_t version = UINT32_MAX, last = 0;
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		write_numbers(board, count);
		_exit(0);
	}
	while (last < count) {
		if (!board_read(board, &version, &copy))
			continue;
		assert_true(copy.n_paths >= last);
		last = copy.n_paths;
		assert_int_equal(copy.n_nets, last);
		assert_int_equal(copy.path[BOARD_PATHS_MAX - 1].ifindex, last);
		assert_int_equal(copy.net[BOARD_NETS_MAX - 1].own.port, (uint16_t)last);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	board_free(board);
	close(fd);
}

static void knows_its_own_addresses(void **state)
{
	struct board_table table = {.n_nets = 2};
	struct address near = ip("10.10.1.2"), own = ip("10.10.1.1"), far = ip("10.64.0.9");
	struct address loopback = ip("127.8.8.8"), elsewhere = ip("10.10.2.1");

	table.net[0] = net("10.10.1.1", "10.10.1.1/24");
	table.net[1] = net("10.64.0.1", "10.64.0.9/32"); /* point to point */
	assert_true(board_is_own_address(&table, &own));
	assert_false(board_is_own_address(&table, &near));
	assert_false(board_is_own_address(&table, &far));
	assert_true(board_is_own_address(&table, &loopback));
	assert_true(board_is_connected(&table, &near));
	assert_true(board_is_connected(&table, &far));
	assert_false(board_is_connected(&table, &elsewhere));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_changed),
		cmocka_unit_test(another_program_sees_the_same),
		cmocka_unit_test(half_written_table_is_not_read),
		cmocka_unit_test(readers_see_whole_tables),
		cmocka_unit_test(knows_its_own_addresses),
	};

	RUN_SUITE(tests);
}
