/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doctor/: what an answer means, and how findings look. Answers as text, findings out. */
#include "suite.h"

#include "doctor/patient.h"

#include <stdlib.h>
#include <string.h>

#define PATH(name, state, cause, subflows, more)                                                   \
	"{\"interface\":\"" name                                                                   \
	"\",\"local\":\"10.0.0.1\",\"server\":\"10.0.0.2\",\"state\":\"" state                     \
	"\",\"cause\":\"" cause "\",\"subflows\":" #subflows more "}"
#define CLIENT(more, paths)                                                                        \
	"{\"role\":\"client\",\"configuration\":{\"method\":\"2022-blake3-aes-128-gcm\","          \
	"\"server_port\":8388,\"intercept\":\"auto\"}" more ",\"paths\":[" paths "]}"
#define UP(name, subflows) PATH(name, "up", "answers", subflows, "")

/* What is found in two looks that saw the same; to be given to findings_free(). */
static struct findings judge(const char *answer)
{
	struct patient patient;
	struct findings findings = {0};

	assert_true(patient_read(&patient, answer, 42));
	patient_judge(&patient, &patient, &findings);
	return findings;
}

static void expect(const char *answer, const char *id, enum finding_severity severity,
		   const char *part)
{
	struct findings findings = judge(answer);

	assert_int_equal(findings.n, 1);
	assert_string_equal(findings.item[0].id, id);
	assert_int_equal(findings.item[0].severity, severity);
	assert_non_null(strstr(findings.item[0].what, part));
	assert_true(findings.item[0].remedy[0] && findings.item[0].command[0]);
	findings_free(&findings);
}

static void expect_nothing(const char *answer)
{
	struct findings findings = judge(answer);

	assert_int_equal(findings.n, 0);
	findings_free(&findings);
}

static void an_answer_is_read(void **state)
{
	struct patient patient;

	assert_true(patient_read(&patient, CLIENT("", UP("wan1", 2)), 42));
	assert_int_equal(patient.role, CONF_CLIENT);
	assert_int_equal(patient.port, 8388);
	assert_true(patient.intercepts && patient.wants_tproxy);
	assert_int_equal(patient.n_paths, 1);
	assert_string_equal(patient.path[0].interface, "wan1");
	assert_int_equal(patient.path[0].server.family, AF_INET);
	assert_int_equal(patient.path[0].subflows, 2);
	assert_false(patient_read(&patient, "[]", 1));
	assert_false(patient_read(&patient, "", 1));
	assert_true(
		patient_read(&patient, "{\"paths\":[1,{\"local\":7}],\"flows_open\":\"x\"}", 1));
	assert_int_equal(patient.n_paths, 2);
}

static void nothing_is_wrong(void **state)
{
	expect_nothing(CLIENT("", ""));
	expect_nothing(CLIENT(",\"flows_open\":3", UP("wan1", 3) "," UP("wan2", 3)));
	/* none anywhere; one that is down; one that only just came; plain TCP has one alone */
	expect_nothing(CLIENT(",\"flows_open\":3", UP("wan1", 0) "," UP("wan2", 0)));
	expect_nothing(CLIENT(",\"flows_open\":3",
			      UP("wan1", 3) "," PATH("wan2", "down", "silent", 0, "")));
	expect_nothing(CLIENT("", UP("wan1", 3) "," UP("wan2", 0)));
}

static void each_sign_is_told(void **state)
{
	expect(CLIENT("", PATH("wan1", "absent", "no-carrier", 0, "")), "no-carrier", FINDING_ERROR,
	       "path wan1 to 10.0.0.2 is not used");
	expect(CLIENT("", PATH("wan1", "absent", "no-route", 0, "")), "no-route", FINDING_ERROR,
	       "no route");
	expect(CLIENT("", PATH("wan1", "up", "answers", 0, ",\"unwanted\":true")), "not-let-in",
	       FINDING_ERROR, "does not let");
	expect(CLIENT("", PATH("wan1", "up", "answers", 0, ",\"unanswered\":true")),
	       "not-understood", FINDING_ERROR, "another time");
	expect(CLIENT(",\"flows_fell_back\":2,\"flows_started\":5", UP("wan1", 5)), "fallback",
	       FINDING_ERROR, "2 of 5 flows");
	expect(CLIENT(",\"flows_open\":3", UP("wan1", 3) "," UP("wan2", 0)), "no-subflow",
	       FINDING_WARNING, "path wan2");
	expect(CLIENT(",\"interception\":{\"complete\":false,\"restored\":0}", ""), "rules-missing",
	       FINDING_ERROR, "client");
	expect(CLIENT(",\"interception\":{\"complete\":true,\"restored\":7}", ""), "rules-changed",
	       FINDING_NOTE, "7 times");
	expect("{\"role\":\"server\",\"refused_for_time\":4}", "clock", FINDING_ERROR,
	       "4 connections");
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
		cmocka_unit_test(an_answer_is_read), cmocka_unit_test(nothing_is_wrong),
		cmocka_unit_test(each_sign_is_told), cmocka_unit_test(the_worst_comes_first),
		cmocka_unit_test(it_is_printed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
