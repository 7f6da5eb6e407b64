/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/path_log.c: paths of before and of now in, lines out. */
#include "world.h"

#include "base/log.h"
#include "paths/derive.h"
#include "paths/path_log.h"

static char said[2048];

static void hear(enum log_level level, const char *text)
{
	size_t length = strlen(said);

	snprintf(said + length, sizeof(said) - length, "%c %s\n",
		 level == LOG_LEVEL_WARNING ? 'w' : 'i', text);
}

static void expect(struct path_log *log, const struct conf *conf, const struct snapshot *snapshot,
		   const struct paths *before, const struct paths *now, const char *lines)
{
	said[0] = '\0';
	path_log_follow(log, conf, snapshot, before, now);
	assert_string_equal(said, lines);
}

static void paths_that_come_and_go_are_told(void **state)
{
	static const struct announce nobody;
	struct conf conf = {.role = CONF_CLIENT};
	struct snapshot snapshot = {0};
	struct paths none = {0}, one, two;
	struct path_log log = {0};

	world_path(&conf, "wan1", NULL, NULL);
	world_path(&conf, "wan2", NULL, NULL);
	world_server(&conf, "10.10.1.2");
	world_server(&conf, "10.10.2.2");
	world_subnet(&snapshot, WAN1, "10.10.1.1/24", "10.10.1.0/24");
	derive_paths(&conf, &snapshot, &nobody, &one);
	expect(&log, &conf, &snapshot, &none, &one,
	       "i path wan1: 10.10.1.1 to 10.10.1.2\n"
	       "w path wan2: not used: the interface is not there\n");
	expect(&log, &conf, &snapshot, &one, &one, "");
	world_subnet(&snapshot, WAN2, "10.10.2.1/24", "10.10.2.0/24");
	derive_paths(&conf, &snapshot, &nobody, &two);
	expect(&log, &conf, &snapshot, &one, &two, "i path wan2: 10.10.2.1 to 10.10.2.2\n");
	snapshot.links.item[1].is_up = false;
	expect(&log, &conf, &snapshot, &two, &one, "w path wan2: not used: the link is down\n");
	snapshot.links.item[0].is_up = false;
	expect(&log, &conf, &snapshot, &one, &none,
	       "w path wan1: not used: the link is down\n"
	       "w no link leads to the server now; waiting for one\n");
	snapshot_exit(&snapshot);
}

static void an_address_that_is_announced_is_told(void **state)
{
	struct conf conf = {.role = CONF_SERVER};
	struct snapshot snapshot = {0};
	struct paths none = {0}, paths = {.n = 2};
	struct path_log log = {0};

	strcpy(paths.path[0].interface, "wan1");
	paths.path[0].local = world_ip("10.10.1.2");
	paths.path[0].endpoint = PATH_ENDPOINT_ANNOUNCE;
	paths.path[1].local = world_ip("10.10.2.2");
	expect(&log, &conf, &snapshot, &none, &paths,
	       "i path wan1: 10.10.1.2 is announced to clients\n");
}

static void what_there_is_no_room_for_is_told_when_it_begins(void **state)
{
	struct conf conf = {.role = CONF_SERVER};
	struct snapshot snapshot = {0};
	struct paths few = {0}, many = {.n_left_out = 3};
	struct path_log log = {0};

	expect(&log, &conf, &snapshot, &few, &few, "");
	for (unsigned i = 0; i <= BOARD_NETS_MAX; i++)
		world_address(&snapshot, LAN, "10.30.0.1/24");
	expect(&log, &conf, &snapshot, &few, &many,
	       "w 3 paths are not used: there is room for 8, and those to the first far routers "
	       "have it\n"
	       "w this router has 129 addresses; only the first 128 are known as its own\n");
	expect(&log, &conf, &snapshot, &many, &many, "");
	expect(&log, &conf, &snapshot, &many, &few, "");
	expect(&log, &conf, &snapshot, &few, &many,
	       "w 3 paths are not used: there is room for 8, and those to the first far routers "
	       "have it\n");
	snapshot_exit(&snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_that_come_and_go_are_told),
		cmocka_unit_test(an_address_that_is_announced_is_told),
		cmocka_unit_test(what_there_is_no_room_for_is_told_when_it_begins),
	};

	log_use_sink(hear);
	RUN_SUITE(tests);
}
