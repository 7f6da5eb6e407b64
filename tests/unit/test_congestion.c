/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/congestion.c: paths and what the kernel has in, the paths' congestion controls out. */
#include "world.h"

#include "kernel/socket.h"
#include "paths/congestion.h"
#include "paths/derive.h"

#define SCAVENGER "mpb_scavenger0"

/* What the kernel has, as ",bbr,cubic,". */
static const char *present;

bool __wrap_socket_has_congestion(const char *name);

bool __wrap_socket_has_congestion(const char *name)
{
	char item[CONF_CONGESTION_BYTES + 2];

	snprintf(item, sizeof(item), ",%s,", name);
	return strstr(present, item);
}

static void choose(struct paths *paths, const char *scavenger, const char *otherwise)
{
	struct congestion congestion = {0};

	congestion_choose(&congestion, paths, scavenger, otherwise, 1);
}

/* A client whose second link the server calls secondary. */
static void derive_two(struct conf *conf, struct paths *paths)
{
	static const struct announce nobody;
	struct snapshot snapshot = {0};

	world_subnet(&snapshot, WAN1, "10.10.1.1/24", "10.10.1.0/24");
	world_subnet(&snapshot, WAN2, "10.10.2.1/24", "10.10.2.0/24");
	world_server(conf, "10.10.1.2");
	world_server(conf, "10.10.2.2");
	derive_paths(conf, &snapshot, &nobody, paths);
	snapshot_exit(&snapshot);
	assert_int_equal(paths->n, 2);
	paths->path[1].role = CONF_SECONDARY;
}

static struct conf two_with(const char *common, const char *own)
{
	struct conf conf = {.role = CONF_CLIENT};

	world_path(&conf, "wan1", NULL, NULL);
	world_path(&conf, "wan2", NULL, NULL);
	for (unsigned i = 0; i < 2; i++)
		strcpy(conf.path[i].congestion.name, common);
	strcpy(conf.congestion.name, common);
	conf.congestion.is_given = true;
	if (own) {
		strcpy(conf.path[1].congestion.name, own);
		conf.path[1].congestion.is_given = true;
	}
	return conf;
}

/* That of all paths is no choice for one that is secondary; a path's own is. */
static void only_a_paths_own_stands_against_the_scavenger(void **state)
{
	struct conf common = two_with("cubic", NULL), own = two_with("cubic", "cubic");
	struct conf derived = {.role = CONF_CLIENT, .congestion = {true, "cubic"}};
	struct conf *const inherits[] = {&common, &derived};
	struct paths paths = {0};

	present = ",bbr,cubic," SCAVENGER ",";
	for (unsigned i = 0; i < 2; i++) {
		derive_two(inherits[i], &paths);
		assert_true(congestion_wants_scavenger(&paths));
		choose(&paths, SCAVENGER, "cubic");
		assert_string_equal(paths.path[0].congestion, "cubic");
		assert_string_equal(paths.path[1].congestion, SCAVENGER);
		assert_true(paths.path[1].has_scavenger);
	}
	derive_two(&own, &paths);
	assert_false(congestion_wants_scavenger(&paths));
	choose(&paths, SCAVENGER, "cubic");
	assert_string_equal(paths.path[1].congestion, "cubic");
	assert_false(paths.path[1].has_scavenger);
}

static void what_the_kernel_lacks_is_its_own_then(void **state)
{
	struct conf conf = two_with("cubic", "reno");
	struct paths paths = {0};

	present = ",reno,";
	derive_two(&conf, &paths);
	assert_true(paths.path[0].is_congestion_named && paths.path[1].is_congestion_named);
	choose(&paths, NULL, "cubic");
	assert_string_equal(paths.path[0].congestion, "");
	assert_string_equal(paths.path[1].congestion, "reno");
}

/* On a server that a client has told of a secondary link, with a congestion control of the path's.
 */
static void spares_have_one_that_yields_or_none(void **state)
{
	static const struct {
		const char *present, *scavenger, *expected;
	} cases[] = {
		{",bbr,cubic,lp," SCAVENGER ",", SCAVENGER, SCAVENGER},
		{",bbr,cubic,lp,", NULL, "lp"},
		{",bbr,cubic,", NULL, ""},
		{",bbr,cubic,", SCAVENGER, ""}, /* somebody has taken it away */
	};
	const struct spares spares = {.n = 1};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct paths paths = {.n = 1, .spares = &spares};

		present = cases[i].present;
		strcpy(paths.path[0].congestion, "cubic");
		paths.path[0].is_congestion_given = true;
		choose(&paths, cases[i].scavenger, "bbr");
		assert_string_equal(paths.spare_congestion, cases[i].expected);
		assert_string_equal(paths.path[0].congestion, "cubic");
	}
}

static void a_path_that_yields_to_nobody_has_the_common_one(void **state)
{
	struct conf conf = two_with("cubic", NULL);
	struct paths paths = {0};

	present = ",bbr,cubic,";
	derive_two(&conf, &paths);
	choose(&paths, NULL, "cubic");
	assert_string_equal(paths.path[1].congestion, "cubic");
	present = ",bbr,cubic,lp,";
	derive_two(&conf, &paths);
	choose(&paths, NULL, "cubic");
	assert_string_equal(paths.path[1].congestion, "lp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_paths_own_stands_against_the_scavenger),
		cmocka_unit_test(what_the_kernel_lacks_is_its_own_then),
		cmocka_unit_test(spares_have_one_that_yields_or_none),
		cmocka_unit_test(a_path_that_yields_to_nobody_has_the_common_one),
	};

	RUN_SUITE(tests);
}
