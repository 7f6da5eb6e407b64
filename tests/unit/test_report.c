/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths/report.c, tally.c and absence.c: subflows sorted, added up, and paths that are missing. */
#include "world.h"

#include "paths/absence.h"
#include "paths/report.h"
#include "paths/tally.h"

#define PORT 8388

static struct inet_diag_subflow *open_subflow(struct inet_diag_subflows *subflows, uint32_t token,
					      const char *local, const char *remote)
{
	struct inet_diag_subflow *subflow = array_append(subflows);

	*subflow = (struct inet_diag_subflow){
		.local = world_ip(local),
		.remote = world_ip(remote),
		.cookie = subflows->n,
		.is_established = true,
		.is_mptcp = token != 0,
		.token = token,
		.congestion_control = "cubic",
	};
	subflow->remote.port = PORT;
	return subflow;
}

static struct conf client_of(const char *server)
{
	struct conf conf = {.role = CONF_CLIENT, .server_port = PORT, .n_servers = 1};

	conf.server[0].address = world_ip(server);
	return conf;
}

static struct report two_paths(void)
{
	static const struct conf conf;
	struct report report = {.conf = &conf, .n_paths = 2};

	strcpy(report.path[0].interface, "wan1");
	report.path[0].local = world_ip("10.10.1.1");
	strcpy(report.path[1].interface, "wan2");
	report.path[1].local = world_ip("10.10.2.1");
	return report;
}

static void connections_to_other_servers_are_taken_out(void **state)
{
	struct conf conf = client_of("10.10.1.2");
	struct inet_diag_subflows subflows = {0};

	open_subflow(&subflows, 9, "10.10.2.1", "10.10.2.2")->is_joined = true; /* announced */
	open_subflow(&subflows, 7, "10.10.1.1", "192.0.2.1");
	open_subflow(&subflows, 9, "10.10.1.1", "10.10.1.2");
	open_subflow(&subflows, 0, "10.10.1.1", "10.10.1.2"); /* a greeting */
	open_subflow(&subflows, 0, "10.10.1.1", "192.0.2.1");
	open_subflow(&subflows, 0, "10.10.1.1", "10.10.1.2")->is_established = false;
	report_select(&conf, &subflows);
	assert_int_equal(subflows.n, 3);
	assert_int_equal(subflows.item[0].token, 0);
	assert_int_equal(subflows.item[1].token, 9);
	assert_false(subflows.item[1].is_joined);
	assert_true(subflows.item[2].is_joined);
	array_free(&subflows);
}

static void a_server_keeps_what_ends_at_its_addresses(void **state)
{
	struct conf conf = {.role = CONF_SERVER, .server_port = PORT, .n_servers = 1};
	struct inet_diag_subflows subflows = {0};

	open_subflow(&subflows, 1, "10.10.1.2", "10.10.1.1")->local.port = PORT;
	open_subflow(&subflows, 2, "10.10.9.2", "10.10.1.1")->local.port = PORT;
	open_subflow(&subflows, 3, "10.10.1.2", "10.10.1.1")->local.port = PORT + 1;
	conf.server[0].address = world_ip("10.10.1.2");
	report_select(&conf, &subflows);
	assert_int_equal(subflows.n, 1);
	assert_int_equal(subflows.item[0].token, 1);

	open_subflow(&subflows, 2, "10.10.9.2", "10.10.1.1")->local.port = PORT;
	conf.server[0].address = world_ip("0.0.0.0");
	report_select(&conf, &subflows);
	assert_int_equal(subflows.n, 2);
	array_free(&subflows);
}

static void nothing_is_selected_from_nothing(void **state)
{
	struct conf conf = client_of("10.10.1.2");
	struct inet_diag_subflows subflows = {0};
	struct report report = two_paths();

	report_select(&conf, &subflows);
	assert_int_equal(report_add_traffic(&report, &subflows), 0);
	assert_int_equal(report.path[0].traffic.rtt_median_us, 0);
}

static void subflows_add_up_on_their_paths(void **state)
{
	struct report report = two_paths();
	const struct report_traffic *wan1 = &report.path[0].traffic;
	struct inet_diag_subflows subflows = {0};

	for (unsigned i = 0; i < 3; i++) {
		struct inet_diag_subflow *subflow =
			open_subflow(&subflows, 1 + i, "10.10.1.1", "10.10.1.2");

		subflow->bytes_acked = 100;
		subflow->bytes_received = 10;
		subflow->bytes_sent = 110;
		subflow->bytes_sent_again = i;
		subflow->delivery_rate = 1000;
		subflow->rtt_us = 9000 - 1000 * i;
		subflow->is_backup = i == 0;
	}
	strcpy(subflows.item[2].congestion_control, "bbr");
	open_subflow(&subflows, 1, "10.10.1.1", "10.10.1.2")->is_established = false;
	open_subflow(&subflows, 0, "10.10.1.1", "10.10.1.2");
	open_subflow(&subflows, 1, "10.10.7.1", "10.10.1.2");
	assert_int_equal(report_add_traffic(&report, &subflows), 0);
	assert_int_equal(wan1->n_subflows, 3);
	assert_int_equal(wan1->n_joining, 1);
	assert_int_equal(wan1->n_tcp, 1);
	assert_int_equal(wan1->n_backup, 1);
	assert_int_equal(wan1->bytes_acked, 300);
	assert_int_equal(wan1->bytes_received, 30);
	assert_int_equal(wan1->bytes_sent, 330);
	assert_int_equal(wan1->bytes_sent_again, 3);
	assert_int_equal(wan1->delivery_rate, 3000);
	assert_int_equal(wan1->rtt_min_us, 7000);
	assert_int_equal(wan1->rtt_median_us, 8000);
	assert_int_equal(wan1->n_congestion_controls, 2);
	assert_string_equal(wan1->congestion_control[0], "cubic");
	assert_string_equal(wan1->congestion_control[1], "bbr");
	assert_int_equal(report.path[1].traffic.n_subflows, 0);
	assert_int_equal(report.elsewhere.n_subflows, 1);
	array_free(&subflows);
}

static void an_address_on_two_interfaces_is_told_apart(void **state)
{
	struct report report = two_paths();
	struct inet_diag_subflow subflow = {.local = world_ip("10.10.1.1")};

	report.path[0].ifindex = WAN1;
	report.path[1].ifindex = WAN2;
	report.path[1].local = report.path[0].local;
	assert_int_equal(report_place(&report, &subflow), 0);
	subflow.ifindex = WAN2;
	assert_int_equal(report_place(&report, &subflow), 1);
	subflow.ifindex = LAN;
	assert_int_equal(report_place(&report, &subflow), 0);
	subflow.local = world_ip("10.10.7.1");
	assert_int_equal(report_place(&report, &subflow), 2);
}

static void an_address_of_two_routers_is_told_apart(void **state)
{
	struct report report = two_paths();
	struct conf conf = {.role = CONF_CLIENT};
	struct inet_diag_subflow subflow = {.local = world_ip("10.10.1.1"), .ifindex = WAN1};

	world_server(&conf, "10.10.1.2");
	world_server(&conf, "10.20.1.2");
	conf.server[1].router = 1;
	report.conf = &conf;
	report.path[0].ifindex = report.path[1].ifindex = WAN1;
	report.path[1].local = report.path[0].local;
	report.path[1].router = 1;
	subflow.remote = world_ip("10.20.1.2");
	assert_int_equal(report_place(&report, &subflow), 1);
	subflow.remote = world_ip("10.10.1.2");
	assert_int_equal(report_place(&report, &subflow), 0);
}

static void tally_never_falls(void **state)
{
	const struct address wan1 = world_ip("10.10.1.1");
	const struct conf conf = client_of("10.10.1.2");
	struct inet_diag_subflows subflows = {0};
	struct tally tally = {0};

	open_subflow(&subflows, 1, "10.10.1.1", "10.10.1.2")->bytes_acked = 1000;
	open_subflow(&subflows, 2, "10.10.1.1", "10.10.1.2")->bytes_acked = 500;
	tally_look(&tally, &conf, &subflows);
	assert_int_equal(tally_of(&tally, &wan1, 0)->acked, 1500);
	subflows.item[0] = subflows.item[1]; /* the first one has ended */
	subflows.item[0].bytes_acked = 700;
	subflows.n = 1;
	tally_look(&tally, &conf, &subflows);
	assert_int_equal(tally_of(&tally, &wan1, 0)->acked, 1700);
	open_subflow(&subflows, 3, "10.10.1.1", "10.10.1.2")->cookie = 77;
	subflows.item[1].bytes_received = 40;
	tally_look(&tally, &conf, &subflows);
	assert_int_equal(tally_of(&tally, &wan1, 0)->acked, 1700);
	assert_int_equal(tally_of(&tally, &wan1, 0)->received, 40);
	array_free(&subflows);
	tally_look(&tally, &conf, &subflows);
	assert_int_equal(tally_of(&tally, &wan1, 0)->acked, 1700);
	tally_exit(&tally);
}

static void tally_holds_any_number_of_addresses(void **state)
{
	const struct conf conf = client_of("10.10.1.2");
	struct inet_diag_subflows subflows = {0};
	struct tally tally = {0};

	for (int i = 0; i < 2 * TALLY_ADDRESSES_MAX; i++) {
		struct inet_diag_subflow *subflow =
			open_subflow(&subflows, 1, "10.10.1.1", "10.10.1.2");

		subflow->local.ip[3] = (uint8_t)i;
		subflow->bytes_acked = 1;
	}
	tally_look(&tally, &conf, &subflows);
	assert_int_equal(tally.n, TALLY_ADDRESSES_MAX);
	array_free(&subflows);
	tally_exit(&tally);
}

static void add_path(struct paths *paths, const char *interface, const char *local)
{
	struct path *path = &paths->path[paths->n++];

	strcpy(path->interface, interface);
	path->local = world_ip(local);
}

static void a_path_that_goes_is_absent_until_it_comes_back(void **state)
{
	const struct conf conf = {.role = CONF_CLIENT};
	struct absences absences = {0};
	struct paths both = {0}, first = {0};

	add_path(&both, "wan1", "10.10.1.1");
	add_path(&both, "wan2", "10.10.2.1");
	add_path(&first, "wan1", "10.10.1.1");
	absences_follow(&absences, &conf, &both, 100);
	assert_int_equal(absences.n, 2);
	assert_int_equal(absences_since_ms(&absences, "wan1"), 100);
	assert_int_equal(absences_since_ms(&absences, "wan3"), 0);
	absences_follow(&absences, &conf, &first, 200);
	absences_follow(&absences, &conf, &first, 300);
	assert_false(absences.item[0].is_absent);
	assert_true(absences.item[1].is_absent);
	assert_int_equal(absences.item[1].since_ms, 200);
	assert_true(address_ip_equal(&absences.item[1].local, &both.path[1].local));
	absences_follow(&absences, &conf, &both, 400);
	absences_follow(&absences, &conf, &both, 500);
	assert_false(absences.item[1].is_absent);
	assert_int_equal(absences_since_ms(&absences, "wan1"), 100);
	assert_int_equal(absences_since_ms(&absences, "wan2"), 400);
}

static void a_configured_path_is_absent_from_the_start(void **state)
{
	struct conf conf = {.role = CONF_CLIENT, .n_paths = 2};
	struct absences absences = {0};
	struct paths paths = {0};

	strcpy(conf.path[0].interface, "wan1");
	strcpy(conf.path[1].interface, "wan2");
	add_path(&paths, "wan1", "10.10.1.1");
	absences_follow(&absences, &conf, &paths, 50);
	assert_int_equal(absences.n, 2);
	assert_string_equal(absences.item[1].interface, "wan2");
	assert_true(absences.item[1].is_absent);
	assert_int_equal(absences.item[1].since_ms, 50);
}

static void names_that_never_come_back_are_forgotten(void **state)
{
	const struct conf conf = {.role = CONF_CLIENT};
	struct absences absences = {0};

	for (unsigned i = 0; i < 3 * ABSENCES_MAX; i++) {
		struct paths paths = {0};
		char name[IF_NAMESIZE];

		snprintf(name, sizeof(name), "ppp%u", i);
		add_path(&paths, name, "10.10.1.1");
		absences_follow(&absences, &conf, &paths, 100 + i);
	}
	assert_int_equal(absences.n, ABSENCES_MAX);
	for (unsigned i = 0; i < ABSENCES_MAX; i++)
		assert_true(absences.item[i].is_absent ==
			    (strcmp(absences.item[i].interface, "ppp47") != 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connections_to_other_servers_are_taken_out),
		cmocka_unit_test(a_server_keeps_what_ends_at_its_addresses),
		cmocka_unit_test(nothing_is_selected_from_nothing),
		cmocka_unit_test(subflows_add_up_on_their_paths),
		cmocka_unit_test(an_address_on_two_interfaces_is_told_apart),
		cmocka_unit_test(an_address_of_two_routers_is_told_apart),
		cmocka_unit_test(tally_never_falls),
		cmocka_unit_test(tally_holds_any_number_of_addresses),
		cmocka_unit_test(a_path_that_goes_is_absent_until_it_comes_back),
		cmocka_unit_test(a_configured_path_is_absent_from_the_start),
		cmocka_unit_test(names_that_never_come_back_are_forgotten),
	};

	RUN_SUITE(tests);
}
