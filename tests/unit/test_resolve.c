/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/resolve.c: whose the addresses of names are. Only names that need no name server. */
#include "world.h"

#include "daemon/resolve.h"

static void add_name(struct conf *conf, const char *name, uint8_t router)
{
	struct conf_host *host = &conf->server[conf->n_servers++];

	strcpy(host->name, name);
	host->router = router;
	conf->n_routers = router + 1u;
}

static void shared_address_goes_to_the_first_router(void **state)
{
	static const char *const expected[] = {"127.0.0.1", "127.0.0.2", "127.0.0.3", "10.20.1.2"};
	static const uint8_t routers[] = {0, 0, 1, 2};
	struct privilege_user user;
	struct conf conf = {0};

	assert_int_equal(privilege_find_user("nobody", &user), 0);
	add_name(&conf, "127.0.0.1", 0);
	add_name(&conf, "127.0.0.2", 0);
	add_name(&conf, "127.0.0.2", 1);
	add_name(&conf, "127.0.0.3", 1);
	add_name(&conf, "127.0.0.1", 2);
	world_router(&conf, 2, "10.20.1.2");
	assert_int_equal(resolve_servers(&conf, &user), 0);
	assert_int_equal(conf.n_servers, 4);
	for (unsigned i = 0; i < 4; i++) {
		const struct address address = world_ip(expected[i]);

		assert_true(address_ip_equal(&conf.server[i].address, &address));
		assert_int_equal(conf.server[i].router, routers[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shared_address_goes_to_the_first_router),
	};

	RUN_SUITE(tests);
}
