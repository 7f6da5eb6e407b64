/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor/: what an answer means, and how findings look. Answers as text, findings out. */
#include "suite.h"

#include "doctor/clock.h"
#include "doctor/flows.h"
#include "doctor/rules.h"
#include "doctor/secondary.h"

#include <stdlib.h>
#include <string.h>

#define METHOD "2022-blake3-aes-128-gcm"
#define NOW_S  1800000000 /* in 2027 */

#define PATH(name, state, cause, subflows, more)                                                   \
	"{\"interface\":\"" name                                                                   \
	"\",\"local\":\"10.0.0.1\",\"server\":\"10.0.0.2\",\"router\":1,\"active\":true,"          \
	"\"age_ms\":9000,\"state\":\"" state "\",\"cause\":\"" cause                               \
	"\",\"subflows\":" #subflows more "}"
#define CLIENT(more, paths)                                                                        \
	"{\"role\":\"client\",\"configuration\":{\"method\":\"" METHOD "\","                       \
	"\"server\":[[\"10.0.0.2\"],[\"10.0.9.2\"]],"                                              \
	"\"server_port\":8388,\"intercept\":\"auto\"}" more ",\"paths\":[" paths "]}"
#define UP(name, subflows) PATH(name, "up", "answers", subflows, "")
#define CONNECTION(token, mptcp, remote)                                                           \
	",\"connections\":[{\"token\":\"" token "\",\"mptcp\":" mptcp                              \
	",\"subflows\":[{\"local\":\"10.0.0.1:4000\",\"remote\":\"" remote ":8388\"}]}]"
#define LASTING	 CONNECTION("00c0ffee", "true", "10.0.0.2")
#define ONE_IDLE UP("wan1", 3) "," UP("wan2", 0)

/* What is found in two looks; to be given to findings_free(). */
static struct findings judge_two(const char *before_text, const char *text)
{
	static struct patient patient, before; /* too large for a small stack */
	struct findings findings = {0};

	assert_true(patient_read(&before, before_text, 42));
	assert_true(patient_read(&patient, text, 42));
	flows_judge(&patient, &before, &findings);
	clock_judge(&patient, &before, NOW_S, true, &findings);
	rules_judge(&patient, &findings);
	return findings;
}

static void expect_two(const char *before, const char *answer, const char *id,
		       enum finding_severity severity, const char *part)
{
	struct findings findings = judge_two(before, answer);

	assert_int_equal(findings.n, 1);
	assert_string_equal(findings.item[0].id, id);
	assert_int_equal(findings.item[0].severity, severity);
	assert_non_null(strstr(findings.item[0].what, part));
	assert_true(findings.item[0].remedy[0] && findings.item[0].command[0]);
	findings_free(&findings);
}

/* Two looks that saw the same. */
static void expect(const char *answer, const char *id, enum finding_severity severity,
		   const char *part)
{
	expect_two(answer, answer, id, severity, part);
}

static void expect_nothing_in_two(const char *before, const char *answer)
{
	struct findings findings = judge_two(before, answer);

	assert_int_equal(findings.n, 0);
	findings_free(&findings);
}

static void expect_nothing(const char *answer)
{
	expect_nothing_in_two(answer, answer);
}

static void an_answer_is_read(void **state)
{
	static struct patient patient;

	assert_true(patient_read(&patient, CLIENT(LASTING, UP("wan1", 2)), 42));
	assert_int_equal(patient.conf.role, CONF_CLIENT);
	assert_string_equal(patient.conf.method->name, METHOD);
	assert_int_equal(patient.conf.server_port, 8388);
	assert_int_equal(patient.conf.n_servers, 2);
	assert_int_equal(patient.conf.server[1].router, 1);
	assert_true(patient.conf.intercept.is_given);
	assert_int_equal(patient.conf.intercept.mode, CONF_INTERCEPT_AUTO);
	assert_int_equal(patient.n_paths, 1);
	assert_string_equal(patient.path[0].interface, "wan1");
	assert_int_equal(patient.path[0].server.family, AF_INET);
	assert_int_equal(patient.path[0].subflows, 2);
	assert_true(patient.path[0].is_active);
	assert_int_equal(patient.n_connections, 1);
	assert_string_equal(patient.connection[0].name, "00c0ffee");
	assert_false(patient_read(&patient, "[]", 1));
	assert_false(patient_read(&patient, "", 1));
	assert_true(
		patient_read(&patient, "{\"paths\":[1,{\"local\":7}],\"flows_open\":\"x\"}", 1));
	assert_int_equal(patient.n_paths, 2);
	assert_null(patient.conf.method);
	assert_true(patient_read(&patient,
				 "{\"connections\":[1,{\"subflows\":[]}],\"configuration\":"
				 "{\"server\":[[1,\"x\"],2],\"paths\":[3]},"
				 "\"transparent_source\":{\"complete\":true}}",
				 1));
	assert_int_equal(patient.n_connections, 2);
	assert_int_equal(patient.conf.n_servers, 0);
	assert_true(conf_shows_hosts(&patient.conf));
}

static void addresses_are_read(void **state)
{
	static const struct {
		const char *in;
		uint8_t router;
	} cases[] = {{"10.0.0.2:8388", 0}, {"[fd00::2]:8388", 1}, {"fd00::2", 1}, {"nothing", 0}};
	static struct patient patient;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char answer[512];

		snprintf(answer, sizeof(answer),
			 "{\"configuration\":{\"server\":[[\"10.0.0.2\"],[\"fd00::2\"]]},"
			 "\"connections\":[{\"subflows\":[{\"remote\":\"%s\"}]}]}",
			 cases[i].in);
		assert_true(patient_read(&patient, answer, 1));
		assert_int_equal(patient.connection[0].router, cases[i].router);
	}
}

static void gateways_are_found(void **state)
{
	static struct patient patient;
	const struct patient_path *path = &patient.path[0];

	assert_true(patient_read(
		&patient,
		"{\"configuration\":{\"paths\":[{\"interface\":\"wan1\",\"gateway\":\"10.0.0.9\"},"
		"{\"interface\":\"wan2\",\"gateway\":\"10.0.1.9\"}]},\"paths\":[" UP("wan1",
										     0) "]}",
		1));
	assert_int_equal(patient_gateway(&patient, path).ip[3], 9);
	assert_int_equal(patient_gateway(&patient, path).ip[2], 0);
	patient.conf.path[0].address = patient.conf.path[1].gateway; /* another one's */
	assert_int_equal(patient_gateway(&patient, path).family, 0);
}

static void nothing_is_wrong(void **state)
{
	expect_nothing(CLIENT("", ""));
	expect_nothing(CLIENT(LASTING, UP("wan1", 3) "," UP("wan2", 3)));
	/* none anywhere; one that is down */
	expect_nothing(CLIENT(LASTING, UP("wan1", 0) "," UP("wan2", 0)));
	expect_nothing(CLIENT(LASTING, UP("wan1", 3) "," PATH("wan2", "down", "silent", 0, "")));
}

static void no_subflow_takes_time(void **state)
{
	expect(CLIENT(LASTING, ONE_IDLE), "no-subflow", FINDING_WARNING, "path wan2");
	/* also after others have fallen back: see the_past_is_a_note() */
	expect_nothing_in_two(CLIENT(LASTING, UP("wan1", 3)), CLIENT(LASTING, ONE_IDLE));
	expect_nothing_in_two(CLIENT(LASTING, UP("wan1", 3) "," UP("wan2", 1)),
			      CLIENT(LASTING, ONE_IDLE));
	/* other connections each time, or none; one to another router; one of plain TCP */
	expect_nothing(CLIENT("", ONE_IDLE));
	expect_nothing_in_two(CLIENT(CONNECTION("00000001", "true", "10.0.0.2"), ONE_IDLE),
			      CLIENT(LASTING, ONE_IDLE));
	expect_nothing(CLIENT(CONNECTION("00c0ffee", "true", "10.0.9.2"), ONE_IDLE));
	expect_nothing(CLIENT(CONNECTION("-", "true", "10.0.0.2"), ONE_IDLE));
	/* a far link; a path that nobody uses; one that has just come */
	expect_nothing(CLIENT(LASTING, UP("wan1", 3) "," PATH("wan2", "up", "answers", 0,
							      ",\"greeting_rtt_us\":400000")));
	expect_nothing(CLIENT(
		LASTING, UP("wan1", 3) "," PATH("wan2", "up", "answers", 0, ",\"active\":false")));
	expect_nothing(CLIENT(
		LASTING, UP("wan1", 3) "," PATH("wan2", "up", "answers", 0, ",\"age_ms\":2000")));
}

#define FELL_BACK(n) ",\"flows_fell_back\":" #n ",\"flows_started\":5"
#define PLAIN	     CONNECTION("00c0ffee", "false", "10.0.0.2")

static void the_past_is_a_note(void **state)
{
	const char *now = CLIENT(FELL_BACK(2), UP("wan1", 5));
	const char *clock = "{\"role\":\"server\",\"refused_for_time\":4}";
	struct findings findings;

	expect(now, "fallback", FINDING_NOTE, "2 of 5 flows");
	expect_two(CLIENT(FELL_BACK(1), ""), now, "fallback", FINDING_ERROR, "2 of 5 flows");
	expect(CLIENT(FELL_BACK(2) PLAIN, UP("wan1", 5)), "fallback", FINDING_ERROR, "open now");
	/* greetings are of plain TCP, and a silent server has them last */
	expect_nothing(CLIENT(PLAIN, UP("wan1", 5)));
	expect_two(CLIENT(FELL_BACK(2), ""), CLIENT(FELL_BACK(2) PLAIN, ""), "fallback",
		   FINDING_NOTE, "2 of 5");
	findings = judge_two(CLIENT(FELL_BACK(2) LASTING, ONE_IDLE),
			     CLIENT(FELL_BACK(2) LASTING, ONE_IDLE));
	assert_int_equal(findings.n, 2);
	assert_string_equal(findings.item[1].id, "no-subflow");
	findings_free(&findings);
	expect(clock, "clock", FINDING_NOTE, "4 connections");
	expect_two("{\"role\":\"server\",\"refused_for_time\":3}", clock, "clock", FINDING_ERROR,
		   "4 connections");
}

static void each_sign_is_told(void **state)
{
	expect(CLIENT("", PATH("wan1", "up", "answers", 0, ",\"unwanted\":true")), "not-let-in",
	       FINDING_ERROR, "does not let");
	expect(CLIENT("", PATH("wan1", "up", "answers", 0, ",\"unanswered\":true")),
	       "not-understood", FINDING_ERROR, "another time");
	expect(CLIENT(",\"interception\":{\"complete\":false,\"restored\":0}", ""), "rules-missing",
	       FINDING_ERROR, "client");
	expect(CLIENT(",\"interception\":{\"complete\":true,\"restored\":7}", ""), "rules-changed",
	       FINDING_NOTE, "7 times");
	expect(CLIENT(",\"dscp\":{\"complete\":false,\"restored\":0}", ""), "rules-missing",
	       FINDING_ERROR, "client");
}

static void a_clock_is_looked_at_where_it_matters(void **state)
{
	static const struct {
		const char *method;
		uint64_t now_s;
		bool is_synchronised;
		const char *id;
	} cases[] = {
		{METHOD, 0, false, "clock-unset"},
		{"auth-only", 0, true, "clock-unset"},
		{METHOD, NOW_S, false, "clock-unsynchronised"},
		{METHOD, NOW_S, true, NULL},
		{"none", 0, false, NULL},
		{"aes-128-gcm", 0, false, NULL},
	};
	static struct patient patient;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct findings findings = {0};

		patient.conf.method = method_find(cases[i].method);
		clock_judge(&patient, NULL, cases[i].now_s, cases[i].is_synchronised, &findings);
		assert_int_equal(findings.n, cases[i].id != NULL);
		if (cases[i].id)
			assert_string_equal(findings.item[0].id, cases[i].id);
		findings_free(&findings);
	}
}

/* ---- secondary paths ---- */

#define SECONDARY(name, state, cause, ends, yielded)                                               \
	PATH(name, state, cause, 0,                                                                \
	     ",\"role\":\"secondary\",\"secondary\":{" ends ",\"yielded_ms\":" #yielded "}")
#define BOTH	 "\"scavenger\":true,\"far_scavenger\":true"
#define NONE	 "\"scavenger\":false,\"far_scavenger\":false"
#define ALONE	 "\"scavenger\":true,\"far_scavenger\":false"
#define SERVER	 "\"scavenger\":false"
#define HAS(end) CLIENT("", SECONDARY("wan2", "up", "answers", end, 0))

static const struct secondary_means able = {true, true, true, true};

/* Which findings there are of two looks: their ids, each with a blank before it. */
static void expect_lacks(const char *before_text, const char *text,
			 const struct secondary_means *means, const char *ids, const char *part)
{
	static struct patient patient, before;
	struct findings findings = {0};
	char found[64] = "";

	assert_true(patient_read(&before, before_text, 42));
	assert_true(patient_read(&patient, text, 42));
	secondary_judge(&patient, &before, means, &findings);
	for (unsigned i = 0; i < findings.n; i++) {
		const struct finding *finding = &findings.item[i];

		strcat(strcat(found, " "), finding->id);
		assert_int_equal(finding->severity, FINDING_NOTE);
		assert_true(finding->remedy[0] && finding->command[0]);
		assert_true(strlen(finding->what) + 1 < FINDING_TEXT_BYTES);
	}
	assert_string_equal(found, ids);
	assert_true(!part || strstr(findings.item[0].what, part));
	findings_free(&findings);
}

static void who_has_no_scavenger_is_told(void **state)
{
	static const struct {
		struct secondary_means means;
		const char *part;
	} cases[] = {
		{{false, true, false, true},
		 "(wan2): the client has no scavenger for what it sends: this "
		 "program was built without one"},
		{{true, false, false, false}, "this kernel has no BTF"},
		{{true, true, false, true}, "this kernel has BTF, but is older"},
		{{true, true, true, false}, "CAP_BPF"},
		{{true, true, true, true}, "its log says why"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_lacks(HAS(NONE), HAS(NONE), &cases[i].means,
			     " no-scavenger no-far-scavenger", cases[i].part);
	expect_lacks(HAS(ALONE), HAS(ALONE), &able, " no-far-scavenger", "wan2");
	expect_lacks(HAS(BOTH), HAS(BOTH), &able, "", NULL);
	expect_lacks(CLIENT("", ONE_IDLE), CLIENT("", ONE_IDLE), &(struct secondary_means){0}, "",
		     NULL);
}

/* A server loads its own when the first client needs it; a path that is down tells nothing. */
static void a_far_scavenger_may_come_late(void **state)
{
	expect_lacks(HAS(ALONE), HAS(BOTH), &able, "", NULL);
	expect_lacks(HAS(BOTH), HAS(ALONE), &able, "", NULL);
	expect_lacks(CLIENT("", UP("wan1", 1)), HAS(ALONE), &able, "", NULL);
	expect_lacks(CLIENT("", SECONDARY("wan2", "down", "timeout", ALONE, 0)),
		     CLIENT("", SECONDARY("wan2", "down", "timeout", ALONE, 0)), &able, "", NULL);
	expect_lacks(CLIENT("", SECONDARY("wan2", "absent", "no-carrier", NONE, 0)),
		     CLIENT("", SECONDARY("wan2", "absent", "no-carrier", NONE, 0)), &able, "",
		     NULL);
}

static void each_interface_is_named_once(void **state)
{
	static const char *const several =
		CLIENT("", SECONDARY("wan10", "up", "answers", NONE, 0) "," SECONDARY(
				   "wan1", "guarded", "yields", NONE,
				   0) "," SECONDARY("wan10", "up", "answers", NONE, 0));

	expect_lacks(several, several, &able, " no-scavenger no-far-scavenger", "(wan10, wan1)");
}

static void a_server_tells_of_its_own_alone(void **state)
{
	static const char *const server = "{\"role\":\"server\",\"paths\":[" SECONDARY(
		"wan2", "up", "answers", SERVER, 0) "]}";

	expect_lacks(server, server, &(struct secondary_means){true, true, true, false},
		     " no-scavenger", "the server has no scavenger");
}

/* With the file alone nobody has tried to load it. */
static void what_does_not_run_is_judged_by_its_kernel(void **state)
{
	static const struct secondary_means cases[] = {{true, true, true, false},
						       {true, false, false, true},
						       {true, true, false, true},
						       {false, true, false, true}};
	static struct patient patient;

	patient = (struct patient){.n_paths = 1,
				   .path = {{.interface = "wan2", .is_secondary = true}}};
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct findings findings = {0};

		secondary_judge(&patient, NULL, &cases[i], &findings);
		assert_int_equal(findings.n, i > 0);
		findings_free(&findings);
	}
}

static void capabilities_are_read(void **state)
{
	static const struct {
		const char *line;
		bool is_read, may_load;
	} cases[] = {
		{"CapEff:\t000001ffffffffff\n", true, true}, /* root */
		{"CapEff:\t0000000000200000\n", true, true}, /* SYS_ADMIN */
		{"CapEff:\t000000c000041400\n", true, true}, /* of a unit */
		{"CapEff:\t0000008000041400\n", true, false},
		{"CapEff:\t0000004000041400\n", true, false},
		{"CapEff:\t0000000000000000\n", true, false},
		{"CapPrm:\t000001ffffffffff\n", false, false},
		{"CapEff:\tx\n", false, false},
		{"", false, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool may_load = false;

		assert_int_equal(secondary_read_capabilities(cases[i].line, &may_load),
				 cases[i].is_read);
		assert_int_equal(may_load, cases[i].may_load);
	}
}

/* It is what they are for, and subflows that ended for it are not missing. */
static void paths_that_yield_have_no_fault(void **state)
{
#define BESIDE(state, cause, yielded)                                                              \
	CLIENT(LASTING, UP("wan1", 3) "," SECONDARY("wan2", state, cause, BOTH, yielded))
	expect_nothing(BESIDE("guarded", "yields", 100));
	expect_nothing_in_two(BESIDE("up", "answers", 100), BESIDE("up", "answers", 400));
	expect(BESIDE("up", "answers", 100), "no-subflow", FINDING_WARNING, "wan2");
}

/* The worst first, and of those the first that was found. */
static void the_worst_comes_first(void **state)
{
	static const enum finding_severity in[] = {FINDING_NOTE, FINDING_ERROR, FINDING_WARNING,
						   FINDING_ERROR, FINDING_NOTE};
	static const char *const out = "bdcae";
	static const char *const ids[] = {"a", "b", "c", "d", "e"};
	struct findings findings = {0};

	assert_int_equal(findings_worst(&findings), FINDING_NOTE);
	for (size_t i = 0; i < 5; i++)
		finding_add(&findings, ids[i], in[i]);
	findings_sort(&findings);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(findings.item[i].id[0], out[i]);
	assert_int_equal(findings_worst(&findings), FINDING_ERROR);
	findings_free(&findings);
}

static char *print(void (*how)(FILE *out, const struct findings *findings),
		   const struct findings *findings)
{
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	assert_non_null(out);
	how(out, findings);
	fclose(out);
	return text;
}

static void it_is_printed(void **state)
{
	struct findings findings = {0};
	struct finding *finding = finding_add(&findings, "mtu", FINDING_WARNING);
	char *text;

	finding_say(finding->what, "%s",
		    "words that go on for so long that they do not fit into one line of a terminal "
		    "and a \"quote\"");
	finding_say(finding->remedy, "do it");
	finding_say(finding->command, "ls /");
	text = print(findings_print, &findings);
	assert_string_equal(text,
			    "warning: words that go on for so long that they do not fit into one "
			    "line of a\n         terminal and a \"quote\"\n  remedy do it\n"
			    "  see    ls /\n\n");
	free(text);
	text = print(findings_print_json, &findings);
	assert_non_null(strstr(text, "\"id\":\"mtu\",\"severity\":\"warning\""));
	assert_non_null(strstr(text, "\\\"quote\\\"\""));
	assert_non_null(strstr(text, "\"command\":\"ls /\""));
	free(text);
	findings_free(&findings);
	text = print(findings_print_json, &findings);
	assert_string_equal(text, "[]\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_read),
		cmocka_unit_test(addresses_are_read),
		cmocka_unit_test(gateways_are_found),
		cmocka_unit_test(nothing_is_wrong),
		cmocka_unit_test(no_subflow_takes_time),
		cmocka_unit_test(the_past_is_a_note),
		cmocka_unit_test(each_sign_is_told),
		cmocka_unit_test(a_clock_is_looked_at_where_it_matters),
		cmocka_unit_test(who_has_no_scavenger_is_told),
		cmocka_unit_test(a_far_scavenger_may_come_late),
		cmocka_unit_test(each_interface_is_named_once),
		cmocka_unit_test(a_server_tells_of_its_own_alone),
		cmocka_unit_test(what_does_not_run_is_judged_by_its_kernel),
		cmocka_unit_test(capabilities_are_read),
		cmocka_unit_test(paths_that_yield_have_no_fault),
		cmocka_unit_test(the_worst_comes_first),
		cmocka_unit_test(it_is_printed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
