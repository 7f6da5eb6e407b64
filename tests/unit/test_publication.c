/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/publication.c: paths, and what is known of them, in; what workers read out. */
#include "world.h"

#include "paths/publication.h"

static const struct announce nobody;
static const struct spares no_spares;

/* All that a test needs; it fills in the rest. */
struct scene {
	struct conf conf;
	struct snapshot snapshot;
	struct paths paths;
	struct tables tables;
	struct monitors monitors;
	struct board_table table;
};

static const struct board_path *publish(struct scene *scene, const struct announce *announce)
{
	const struct publication publication = {
		.conf = &scene->conf,
		.snapshot = &scene->snapshot,
		.paths = &scene->paths,
		.tables = &scene->tables,
		.announce = announce,
		.spares = &no_spares,
		.monitors = &scene->monitors,
		.had_several = scene->table.had_several,
	};

	publication_fill(&publication, &scene->table);
	return scene->table.path;
}

static void add_path(struct scene *scene, const char *interface, const char *local)
{
	struct path *path = &scene->paths.path[scene->paths.n++];
	uint32_t tables[BOARD_PATHS_MAX];

	strcpy(path->interface, interface);
	path->local = world_ip(local);
	path->is_local_ready = true;
	tables_assign(&scene->tables, &scene->paths, 0, tables);
}

static struct monitor *watch(struct scene *scene, unsigned place, enum health_state state)
{
	struct monitor *monitor = &scene->monitors.monitor[place];
	const struct path *path = &scene->paths.path[place];

	monitor->all = &scene->monitors;
	strcpy(monitor->way.interface, path->interface);
	monitor->way.local = path->local;
	monitor->way.server = path->server;
	monitor->health.state = state;
	monitor->health.since_ms = 7;
	monitor->health.trip.rtt_us = 4000;
	return monitor;
}

static void a_path_is_as_its_monitor_says(void **state)
{
	static struct scene scene;
	const struct board_path *path;
	struct monitor *monitor;

	scene = (struct scene){.conf.role = CONF_CLIENT};
	add_path(&scene, "wan1", "10.10.1.1");
	monitor = watch(&scene, 0, HEALTH_UP);
	path = publish(&scene, &nobody);
	assert_string_equal(path->interface, "wan1");
	assert_int_equal(path->health, HEALTH_UP);
	assert_true(path->since_ms == 7 && path->rtt_us == 4000 && !path->is_shut);
	monitor->health.is_guarded = true;
	monitor->open_at_ms = 1;
	path = publish(&scene, &nobody);
	assert_int_equal(path->health, HEALTH_GUARDED);
	assert_int_equal(path->reason, HEALTH_TOO_SLOW);
	assert_true(path->is_shut);
	monitor->health.is_yielding = true;
	assert_int_equal(publish(&scene, &nobody)->reason, HEALTH_YIELDS);
	monitor->health = (struct health){.state = HEALTH_DOWN, .reason = HEALTH_REFUSED};
	path = publish(&scene, &nobody);
	assert_int_equal(path->health, HEALTH_DOWN);
	assert_int_equal(path->reason, HEALTH_REFUSED);
}

static void a_new_path_has_to_answer_first_when_others_have(void **state)
{
	static struct scene scene;

	scene = (struct scene){.conf.role = CONF_CLIENT};
	add_path(&scene, "wan1", "10.10.1.1");
	assert_int_equal(publish(&scene, &nobody)->health, HEALTH_UP);
	assert_int_equal(scene.table.path[0].reason, HEALTH_NOT_ASKED);
	scene.monitors.is_late = true;
	assert_int_equal(publish(&scene, &nobody)->health, HEALTH_DOWN);
	scene.monitors.is_late = false;
	scene.paths.path[0].is_local_ready = false;
	assert_int_equal(publish(&scene, &nobody)->health, HEALTH_DOWN);
}

static void a_server_says_what_its_clients_have_lost(void **state)
{
	struct announce announce = {.n = 1, .entry = {{.is_lost = true, .lost_ms = 9}}};
	static struct scene scene;
	const struct board_path *path;

	scene = (struct scene){.conf.role = CONF_SERVER};
	add_path(&scene, "wan1", "10.10.1.2");
	add_path(&scene, "wan2", "10.10.2.2");
	scene.paths.path[1].role = CONF_SECONDARY;
	announce.entry[0].address = world_ip("10.10.2.2");
	path = publish(&scene, &announce);
	assert_int_equal(path[0].health, HEALTH_UP);
	assert_int_equal(path[1].health, HEALTH_DOWN);
	assert_int_equal(path[1].reason, HEALTH_LOST);
	assert_true(path[1].since_ms == 9 && path[1].is_secondary && !path[0].is_secondary);
	assert_true(path[0].place != path[1].place);
}

static void that_there_were_several_is_remembered(void **state)
{
	static struct scene scene;

	scene = (struct scene){.conf.role = CONF_CLIENT};
	add_path(&scene, "wan1", "10.10.1.1");
	publish(&scene, &nobody);
	assert_false(scene.table.had_several);
	add_path(&scene, "wan2", "10.10.2.1");
	scene.paths.path[1].is_standby = true;
	publish(&scene, &nobody);
	assert_false(scene.table.had_several);
	scene.paths.path[1].is_standby = false;
	publish(&scene, &nobody);
	assert_true(scene.table.had_several);
	scene.paths.n = 1;
	publish(&scene, &nobody);
	assert_true(scene.table.had_several);
	assert_int_equal(scene.table.n_paths, 1);
}

static void addresses_beyond_the_room_are_left_out(void **state)
{
	static struct scene scene;

	scene = (struct scene){.conf.role = CONF_SERVER};
	world_address(&scene.snapshot, LAN, "192.168.1.1/24");
	publish(&scene, &nobody);
	assert_int_equal(scene.table.n_nets, 1);
	assert_int_equal(scene.table.net[0].subnet.prefix_len, 24);
	assert_false(scene.table.has_more_nets);
	for (unsigned i = 0; i < BOARD_NETS_MAX; i++)
		world_address(&scene.snapshot, LAN, "192.168.1.1/24");
	publish(&scene, &nobody);
	assert_int_equal(scene.table.n_nets, BOARD_NETS_MAX);
	assert_true(scene.table.has_more_nets);
	snapshot_exit(&scene.snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_as_its_monitor_says),
		cmocka_unit_test(a_new_path_has_to_answer_first_when_others_have),
		cmocka_unit_test(a_server_says_what_its_clients_have_lost),
		cmocka_unit_test(that_there_were_several_is_remembered),
		cmocka_unit_test(addresses_beyond_the_room_are_left_out),
	};

	RUN_SUITE(tests);
}
