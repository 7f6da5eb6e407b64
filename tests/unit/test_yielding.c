/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/yielding.c: the ways that clients call secondary in, what a server tells of its path out.
 */
#include "addresses.h"
#include "suite.h"

#include "paths/yielding.h"

static enum conf_path_role role_at(struct yielding *yielding, const char *local, uint64_t now_ms)
{
	struct report_path path = {.local = ip(local)};

	yielding->loop->now_ms = now_ms;
	yielding_report(yielding, NULL, &path);
	return path.role;
}

static void a_path_is_secondary_while_a_client_says_so(void **state)
{
	struct loop loop = {.now_ms = 1000};
	struct spares spares = {0};
	struct yielding yielding = {.loop = &loop, .spares = &spares};
	struct address local = ip("10.10.2.2"), remote = ip("10.10.2.1");

	assert_int_equal(role_at(&yielding, "10.10.2.2", 1000), CONF_PRIMARY);
	spares_greeted(&spares, GREETING_SPARE, &local, &remote, 1000);
	assert_int_equal(role_at(&yielding, "10.10.2.2", 6000), CONF_SECONDARY);
	assert_int_equal(role_at(&yielding, "10.10.1.2", 6000), CONF_PRIMARY);
	assert_int_equal(role_at(&yielding, "10.10.2.2", 90000), CONF_PRIMARY); /* it is gone */
	spares_greeted(&spares, GREETING_SPARE, &local, &remote, 95000);
	assert_int_equal(role_at(&yielding, "10.10.2.2", 96000), CONF_SECONDARY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_secondary_while_a_client_says_so),
	};

	RUN_SUITE(tests);
}
