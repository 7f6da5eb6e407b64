/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor/: what links, filters and probes mean. A made-up router in, findings out. */
#include "world.h"

#include "doctor/filter.h"
#include "doctor/links.h"
#include "doctor/ping.h"
#include "doctor/verdict.h"

#include <errno.h>

static struct patient patient; /* too large for a small stack */
static struct snapshot snapshot;
static struct findings findings;

static int set_up(void **state)
{
	patient = (struct patient){.conf = {.n_routers = 1, .server_port = 8388}};
	world_address(&snapshot, LO, "127.0.0.1/8");
	world_subnet(&snapshot, WAN1, "10.10.1.1/24", "10.10.1.0/24");
	world_subnet(&snapshot, WAN2, "10.10.2.1/24", "10.10.2.0/24");
	return 0;
}

static int tear_down(void **state)
{
	snapshot_exit(&snapshot);
	findings_free(&findings);
	return 0;
}

/* The next one of the findings, and what is behind its id. */
static void expect(unsigned which, const char *id, enum finding_severity severity, const char *part)
{
	assert_true(which < findings.n);
	assert_string_equal(findings.item[which].id, id);
	assert_int_equal(findings.item[which].severity, severity);
	assert_non_null(strstr(findings.item[which].what, part));
	assert_true(findings.item[which].remedy[0] && findings.item[which].command[0]);
	if (which + 1 == findings.n)
		findings_free(&findings);
}

static void judge_links(void)
{
	links_find_paths(&patient, &snapshot);
	links_judge(&patient, &snapshot, &findings);
}

static void switch_off(uint32_t ifindex)
{
	for (size_t i = 0; i < snapshot.links.n; i++)
		if (snapshot.links.item[i].ifindex == ifindex)
			snapshot.links.item[i].is_up = false;
}

/* ---- links ---- */

static void links_that_are_there(void **state)
{
	world_server(&patient.conf, "10.10.1.2");
	world_server(&patient.conf, "10.10.2.2");
	judge_links();
	assert_int_equal(findings.n, 0);
	assert_int_equal(patient.n_paths, 2);
	assert_string_equal(patient.path[1].interface, "wan2");
}

static void paths_that_are_configured_and_absent(void **state)
{
	world_server(&patient.conf, "10.10.1.2");
	world_server(&patient.conf, "10.10.2.2");
	world_path(&patient.conf, "wan1", "10.10.1.77", NULL);
	world_path(&patient.conf, "wan2", NULL, NULL);
	world_path(&patient.conf, "usb0", NULL, NULL);
	switch_off(WAN2);
	judge_links();
	expect(0, "no-address", FINDING_ERROR, "a client with this file does not start: path wan1");
	expect(1, "no-carrier", FINDING_ERROR, "path wan2 is not used");
	expect(2, "no-interface", FINDING_ERROR, "does not start: path usb0");
	expect(3, "no-path", FINDING_ERROR, "10.10.1.2");
	expect(4, "no-path", FINDING_ERROR, "10.10.2.2");
}

static void a_missing_link_is_told_once(void **state)
{
	world_server(&patient.conf, "10.10.1.2");
	world_server(&patient.conf, "10.10.2.2");
	world_path(&patient.conf, "wan1", NULL, NULL);
	world_path(&patient.conf, "wan2", NULL, NULL);
	switch_off(WAN2);
	judge_links();
	expect(0, "no-carrier", FINDING_ERROR, "wan2");
	assert_int_equal(findings.n, 0);
}

static void addresses_without_a_link(void **state)
{
	world_server(&patient.conf, "10.10.1.2");
	world_server(&patient.conf, "10.10.9.2");
	world_server(&patient.conf, "fd00::2"); /* there is no IPv6 here */
	judge_links();
	expect(0, "no-path", FINDING_WARNING, "10.10.9.2");
	expect(1, "no-path", FINDING_NOTE, "fd00::2");
}

static void an_address_that_another_link_leads_to(void **state)
{
	world_server(&patient.conf, "10.10.1.2");
	world_server(&patient.conf, "10.10.9.2");
	world_route(&snapshot, WAN1, "0.0.0.0/0", "10.10.1.2", 0);
	judge_links();
	expect(0, "no-path", FINDING_WARNING, "only wan1 leads to it");
}

static void one_link_of_two_families(void **state)
{
	world_address(&snapshot, WAN1, "fd00:1::1/64");
	world_route(&snapshot, WAN1, "fd00:1::/64", NULL, 0);
	world_server(&patient.conf, "10.10.1.2");
	world_server(&patient.conf, "fd00:1::2");
	judge_links();
	assert_int_equal(findings.n, 0);
}

static void each_far_router_for_itself(void **state)
{
	world_router(&patient.conf, 0, "10.10.1.2");
	world_router(&patient.conf, 1, "10.10.9.2");
	judge_links();
	expect(0, "no-path", FINDING_ERROR, "10.10.9.2");
}

static void a_server_has_no_far_end(void **state)
{
	patient.conf.role = CONF_SERVER;
	world_server(&patient.conf, "0.0.0.0");
	world_path(&patient.conf, "usb0", NULL, NULL);
	judge_links();
	expect(0, "no-interface", FINDING_ERROR, "a server with this file does not start");
}

/* ---- filters ---- */

static void strict_filters(void **state)
{
	world_server(&patient.conf, "10.10.1.2");
	world_server(&patient.conf, "192.0.2.2");
	world_route(&snapshot, WAN1, "192.0.2.0/24", "10.10.1.2", 10);
	world_route(&snapshot, WAN2, "192.0.2.0/24", "10.10.2.2", 20);
	links_find_paths(&patient, &snapshot);
	assert_int_equal(patient.n_paths, 2);
	filter_judge(&patient, &snapshot, 0, 9, &findings);
	assert_int_equal(findings.n, 0);
	filter_judge(&patient, &snapshot, 3, 0, &findings);
	expect(0, "rp-filter", FINDING_ERROR, "rp_filter is 1 on wan2");
	strcpy(patient.path[0].state, "up");
	strcpy(patient.path[1].state, "up"); /* so they do no harm */
	filter_judge(&patient, &snapshot, 3, 9, &findings);
	assert_int_equal(findings.n, 0);
	strcpy(patient.path[1].state, "guarded");
	filter_judge(&patient, &snapshot, 3, 9, &findings);
	assert_int_equal(findings.n, 0);
	patient.conf.role = CONF_SERVER;
	filter_judge(&patient, &snapshot, 2, 0, &findings);
	assert_int_equal(findings.n, 0);
	filter_judge(&patient, &snapshot, 2, 9, &findings);
	expect(0, "rp-filter", FINDING_WARNING, "wan2, and 9 packets");
}

/* ---- verdicts ---- */

static void verdicts(void **state)
{
	static const struct patient_path path = {.interface = "wan1"};
	static const struct {
		struct verdict verdict;
		const char *id;
		enum finding_severity severity;
	} cases[] = {
		{{.full_bytes = 1500, .is_answered = true, .largest_bytes = 1500}, NULL, 0},
		{{.full_bytes = 1500}, NULL, 0}, /* pings are not answered */
		{{.is_answered = true, .largest_bytes = 100}, NULL, 0},
		{{.full_bytes = 1500, .is_answered = true, .largest_bytes = 1400},
		 "mtu",
		 FINDING_ERROR},
		{{.full_bytes = 1500, .is_answered = true, .largest_bytes = 1400, .is_told = true},
		 "mtu",
		 FINDING_NOTE},
		{{.error = -ECONNREFUSED}, "refused", FINDING_ERROR},
		{{.error = -ETIMEDOUT, .is_pinged = true}, "unreachable", FINDING_ERROR},
		{{.error = -ETIMEDOUT,
		  .is_pinged = true,
		  .is_answered = true,
		  .largest_bytes = 100},
		 "firewall",
		 FINDING_ERROR},
		{{.error = -ETIMEDOUT, .gateway.family = AF_INET, .is_answered = true},
		 "firewall",
		 FINDING_ERROR},
		{{.error = -ETIMEDOUT, .gateway.family = AF_INET}, "silent", FINDING_ERROR},
		{{.error = -ETIMEDOUT, .gateway.family = AF_INET, .has_gateway_answered = true},
		 "silent",
		 FINDING_ERROR},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct verdict verdict = cases[i].verdict;

		verdict.path = &path;
		verdict_judge(&verdict, &findings);
		assert_int_equal(findings.n, cases[i].id != NULL);
		if (cases[i].id)
			expect(0, cases[i].id, cases[i].severity, "path wan1");
	}
}

/* Whatever the connection's packets are, none is smaller than its own head. */
static void sizes_of_pings(void **state)
{
	static const uint32_t full[] = {0,   1,	   47,	 68,   100,   101,
					576, 1280, 1500, 9216, 65535, 100000};

	for (size_t i = 0; i < sizeof(full) / sizeof(full[0]); i++) {
		const struct address nobody = {.family = AF_INET6};
		struct ping ping;

		ping_init(&ping, "wan1", &nobody, &nobody, full[i]);
		assert_in_range(ping.n_sizes, 1, PING_SIZES);
		assert_int_equal(ping.size[ping.n_sizes - 1], PING_SMALL_BYTES);
		if (full[i] > PING_SMALL_BYTES)
			assert_int_equal(ping.size[0], full[i] < 65535 ? full[i] : 65535);
		for (unsigned s = 1; s < ping.n_sizes; s++)
			assert_true(ping.size[s] < ping.size[s - 1]);
		assert_int_equal(ping_largest(&ping), 0);
		ping.has_come[ping.n_sizes - 1] = true;
		assert_true(ping_is_answered(&ping));
	}
}

static void neighbours(void **state)
{
	static const struct {
		const char *line;
		bool is_it;
	} cases[] = {
		{"IP address       HW type     Flags       HW address            Mask     Device\n",
		 false},
		{"10.10.1.2        0x1         0x2         02:00:5e:10:00:ff     *        wan1\n",
		 true},
		{"10.10.1.2        0x1         0x0         00:00:00:00:00:00     *        wan1\n",
		 false},
		{"10.10.1.2        0x1         0x2         02:00:5e:10:00:ff     *        wan2\n",
		 false},
		{"10.10.1.22       0x1         0x2         02:00:5e:10:00:ff     *        wan1\n",
		 false},
		{"10.10.1.2        0x1         0x2         02:00:5e", false},
		{"", false},
	};
	const struct address gateway = world_ip("10.10.1.2");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t hardware[6] = {0};

		assert_int_equal(hop_read_neighbour(cases[i].line, "wan1", &gateway, hardware),
				 cases[i].is_it);
		assert_int_equal(hardware[5], cases[i].is_it ? 0xff : 0);
	}
}

#define IN_THE_WORLD(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_THE_WORLD(links_that_are_there),
		IN_THE_WORLD(paths_that_are_configured_and_absent),
		IN_THE_WORLD(a_missing_link_is_told_once),
		IN_THE_WORLD(addresses_without_a_link),
		IN_THE_WORLD(an_address_that_another_link_leads_to),
		IN_THE_WORLD(one_link_of_two_families),
		IN_THE_WORLD(each_far_router_for_itself),
		IN_THE_WORLD(a_server_has_no_far_end),
		IN_THE_WORLD(strict_filters),
		IN_THE_WORLD(verdicts),
		IN_THE_WORLD(sizes_of_pings),
		IN_THE_WORLD(neighbours),
	};
	RUN_SUITE(tests);
}
