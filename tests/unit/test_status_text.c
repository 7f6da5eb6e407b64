/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cli/status_text.c, table.c and figures.c: an answer as text, odd and hostile ones included. */
#include "suite.h"

#include "cli/figures.h"
#include "cli/status_text.h"
#include "cli/table.h"

#include <stdlib.h>
#include <string.h>

#define HEAD "\"role\":\"client\",\"pid\":7,\"port\":1080,\"state\":\"running\",\"mptcp\":true,"
#define OK   "\"subflow_figures\":\"ok\","

/* The text of an answer, to be freed; NULL: it is none. */
static char *text_of(const char *now, const char *before)
{
	size_t bytes = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &bytes);
	bool is_answer = status_text_write(out, now, before);

	fclose(out);
	if (is_answer)
		return text;
	assert_int_equal(bytes, 0);
	free(text);
	return NULL;
}

static void assert_text(const char *now, const char *before, const char *expected)
{
	char *text = text_of(now, before);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void assert_contains(const char *now, const char *expected)
{
	char *text = text_of(now, NULL);

	assert_non_null(text);
	if (!strstr(text, expected))
		fail_msg("\"%s\" is not in:\n%s", expected, text);
	free(text);
}

static void several_routers_have_a_column(void **state)
{
	static const char now[] =
		"{" HEAD OK "\"routers\":2,\"active_router\":2,\"paths\":["
		"{\"interface\":\"wan1\",\"router\":1,\"active\":false,\"state\":\"down\"},"
		"{\"interface\":\"wan1\",\"router\":2,\"active\":true,\"state\":\"up\"},"
		"{\"interface\":\"wan2\",\"router\":null,\"active\":false}]}";

	assert_contains(now, "new connections go to far router 2\n");
	assert_contains(now, "PATH  ROUTER  STATE");
	assert_contains(now, "\nwan1       1  down ");
	assert_contains(now, "\nwan1      *2  up ");
	assert_contains(now, "\nwan2       -  -");
	assert_contains(now, "PATH  ROUTER  FROM");
}

static void a_client_is_shown(void **state)
{
	static const char before[] =
		"{" HEAD OK "\"clock_ms\":1000,\"bytes_lan_to_wan\":0,\"bytes_wan_to_lan\":0,"
		"\"paths\":[{\"interface\":\"wan1\",\"local\":\"10.10.1.1\",\"seen_sent\":1000,"
		"\"seen_received\":50}]}";
	static const char now[] =
		"{" HEAD OK "\"clock_ms\":2000,\"uptime_ms\":7980000,\"flows_open\":12,"
		"\"bytes_lan_to_wan\":12500000,\"bytes_wan_to_lan\":250,\"workers\":[{},{}],"
		"\"paths\":[{\"interface\":\"wan1\",\"local\":\"10.10.1.1\","
		"\"server\":\"10.10.1.2\",\"state\":\"up\",\"reason\":\"the server answers\","
		"\"age_ms\":7260000,\"subflows\":12,\"joining\":1,\"backup\":0,\"tcp\":1,"
		"\"bytes_sent\":1200000000,\"bytes_received\":999,\"seen_sent\":11938500,"
		"\"seen_received\":50,\"rtt_median_us\":5300,\"loss\":0.00120,"
		"\"congestion_control\":[\"bbr\",\"cubic\"]},"
		"{\"interface\":\"wan2\",\"local\":\"10.10.2.1\",\"server\":\"10.10.2.2\","
		"\"state\":\"absent\",\"reason\":\"the link is down\",\"age_ms\":14000,"
		"\"subflows\":0,\"seen_sent\":0,\"loss\":null,\"rtt_median_us\":null,"
		"\"role\":\"secondary\",\"secondary\":{\"scavenger\":true,"
		"\"far_scavenger\":false,\"yields\":3,\"yielded_ms\":14000,\"others\":2875000},"
		"\"greeting_rtt_us\":10400}]}";

	assert_text(now, before,
		    "client on port 1080, pid 7, 2 workers, running for 2 h 13 min\n"
		    "12 flows open, 12.5 MB sent (100 Mbit/s), 250 B received (2.00 kbit/s)\n"
		    "\n"
		    "PATH  STATE    FOR      RTT    LOSS  SUBFLOWS      SENDING  RECEIVING  CC\n"
		    "wan1  up       2 h   5.3 ms  0.12 %        12  95.5 Mbit/s    0 bit/s  "
		    "bbr,cubic\n"
		    "wan2  absent  14 s  10.4 ms       -         0            -          -  -\n"
		    "\n"
		    "PATH  FROM       TO            SENT  RECEIVED  WHY\n"
		    "wan1  10.10.1.1  10.10.1.2  1.20 GB     999 B  the server answers; 1 joining\n"
		    "wan2  10.10.2.1  10.10.2.2        -         -  the link is down; secondary, "
		    "others use 23.0 Mbit/s, left to them for 14 s (without a scavenger)\n");
}

/* What stands in the last column for a secondary path of which this is told. */
static void assert_secondary(const char *told, const char *why)
{
	char answer[1024];
	char *text;

	snprintf(answer, sizeof(answer),
		 "{" HEAD OK "\"paths\":[{\"interface\":\"wan2\",\"reason\":\"R\","
		 "\"role\":\"secondary\",\"secondary\":{%s}}]}",
		 told);
	text = text_of(answer, NULL);
	assert_string_equal(strstr(text, "  R; ") + 2, why);
	free(text);
}

/* That others lose more to us there is told from the beginning. */
static void a_scavenger_that_is_missing_is_told_of(void **state)
{
	assert_secondary("\"scavenger\":true,\"far_scavenger\":true,\"yields\":0",
			 "R; secondary\n");
	assert_secondary("\"scavenger\":false,\"far_scavenger\":true,\"yields\":0",
			 "R; secondary (without a scavenger)\n");
	assert_secondary("\"scavenger\":true,\"far_scavenger\":false,\"yields\":0",
			 "R; secondary (without a scavenger)\n");
	assert_secondary("\"scavenger\":true,\"yields\":0", "R; secondary\n"); /* a server */
}

static void interception_is_told_of_if_something_is_odd(void **state)
{
	static const char quiet[] =
		"{" HEAD OK "\"paths\":[],\"interception\":{\"mode\":\"tproxy\","
		"\"complete\":true,\"restored\":0}}";
	static const char odd[] = "{" HEAD OK "\"paths\":[],\"interception\":{\"mode\":\"tproxy\","
				  "\"complete\":false,\"restored\":2}}";
	char *text = text_of(quiet, NULL);

	assert_null(strstr(text, "interception"));
	free(text);
	text = text_of(odd, NULL);
	assert_non_null(strstr(text, "\ninterception is not complete; the log says why\n"));
	assert_non_null(strstr(text, "; put back 2 times\n"));
	free(text);
}

static void a_server_has_no_far_addresses(void **state)
{
	assert_text("{\"role\":\"server\",\"pid\":8,\"port\":8388," OK
		    "\"workers\":[{}],\"flows_open\":1,"
		    "\"paths\":[{\"interface\":\"wan1\",\"local\":\"fd00:10:1::2\","
		    "\"state\":\"up\",\"reason\":\"announced to clients\",\"tcp\":2,"
		    "\"subflows\":1,\"backup\":1}]}",
		    NULL,
		    "server on port 8388, pid 8, 1 worker, running for 0 s\n"
		    "1 flow open, 0 B sent, 0 B received\n"
		    "\n"
		    "PATH  STATE  FOR  RTT  LOSS  SUBFLOWS  SENDING  RECEIVING  CC\n"
		    "wan1  up       -    -     -         1        -          -  -\n"
		    "\n"
		    "PATH  ADDRESS       SENT  RECEIVED  WHY\n"
		    "wan1  fd00:10:1::2     -         -  announced to clients; 1 backup; 2 plain "
		    "TCP\n");
}

static void connections_are_shown_with_their_subflows(void **state)
{
	assert_text(
		"{" HEAD OK "\"paths\":[],\"connections_left_out\":31,\"connections\":["
		"{\"token\":\"3f2a9c01\",\"mptcp\":true,\"subflows\":["
		"{\"path\":\"wan1\",\"local\":\"10.10.1.1:43210\",\"remote\":\"10.10.1.2:8388\","
		"\"state\":\"open\",\"backup\":false,\"rtt_us\":5300,\"bytes_sent\":1,"
		"\"bytes_received\":2},"
		"{\"path\":null,\"local\":\"10.10.2.1:1\",\"remote\":\"10.10.2.2:8388\","
		"\"state\":\"open\",\"backup\":true}]},"
		"{\"token\":null,\"mptcp\":false,\"subflows\":[{\"state\":\"joining\"}]}]}",
		NULL,
		"client on port 1080, pid 7, 0 workers, running for 0 s\n"
		"0 flows open, 0 B sent, 0 B received\n"
		"\n"
		"no paths\n"
		"\n"
		"FLOW      PATH  FROM             TO              STATE       RTT  SENT  "
		"RECEIVED\n"
		"3f2a9c01  wan1  10.10.1.1:43210  10.10.1.2:8388  open     5.3 ms   1 B       "
		"2 B\n"
		"          -     10.10.2.1:1      10.10.2.2:8388  backup        -     -         "
		"-\n"
		"TCP       -     -                -               joining       -     -         "
		"-\n"
		"and 31 more\n");
}

static void what_is_missing_is_said(void **state)
{
	assert_contains("{\"role\":\"client\",\"mptcp\":false," OK "\"paths\":[]}",
			"this kernel has no MPTCP");
	assert_contains("{" HEAD "\"subflow_figures\":\"none: no inet_diag\",\"paths\":[]}",
			"no figures of subflows: none: no inet_diag");
	assert_contains("{" HEAD OK "\"paths\":[{}],\"elsewhere\":{\"subflows\":3}}", "others");
}

static void what_is_no_answer_is_refused(void **state)
{
	static const char *const texts[] = {
		"",   "{",     "[]",	    "7",       "null",
		"{}", "\"x\"", "{\"role\"", "rubbish", "{\"error\":\"this is no question\"}",
	};
	static char deep[100001];

	memset(deep, '[', sizeof(deep) - 1);
	assert_null(text_of(deep, NULL));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(text_of(texts[i], NULL));
}

static void odd_values_are_dashes(void **state)
{
	static const char *const texts[] = {
		"{\"role\":7,\"paths\":{}}",
		"{\"role\":\"client\",\"paths\":[null,7,[],\"x\"],\"workers\":7,"
		"\"connections\":{}}",
		"{\"role\":\"client\",\"paths\":[],\"connections\":[7,{\"subflows\":[null]}]}",
		"{\"role\":\"client\",\"paths\":[],\"pid\":-1,\"uptime_ms\":-5,\"flows_open\":"
		"1e99}",
		"{\"role\":\"client\",\"paths\":[{\"loss\":17.5,\"age_ms\":\"x\",\"subflows\":-3,"
		"\"congestion_control\":[1,null,\"\"]}]}",
		"{\"role\":\"client\",\"paths\":[],\"uptime_ms\":9223372036854775807,"
		"\"bytes_lan_to_wan\":9223372036854775807}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char *text = text_of(texts[i], texts[(i + 1) % 6]);

		assert_non_null(text);
		free(text);
	}
}

static void an_answer_before_that_is_none_makes_no_rates(void **state)
{
	static const char now[] = "{" HEAD OK "\"clock_ms\":5,\"paths\":[]}";
	static const char *const before[] = {"",
					     "rubbish",
					     "{}",
					     now,
					     "{\"pid\":7,\"clock_ms\":9}",
					     "{\"pid\":9,\"clock_ms\":1}"};

	for (size_t i = 0; i < sizeof(before) / sizeof(before[0]); i++) {
		char *text = text_of(now, before[i]);

		assert_non_null(text);
		assert_null(strstr(text, "bit/s"));
		free(text);
	}
}

static void a_terminal_is_not_steered(void **state)
{
	char *text =
		text_of("{\"role\":\"client\",\"subflow_figures\":\"\\u001b[2J\\n\",\"paths\":"
			"[{\"interface\":\"\\u001b]0;x\\u0007\\n\\u00e4\",\"reason\":\"\\r\"}]}",
			NULL);

	assert_non_null(text);
	for (const char *c = text; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
	free(text);
}

static void long_texts_are_cut(void **state)
{
	char json[4096], name[2001];
	char *text;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(json, sizeof(json),
		 "{\"role\":\"client\",\"paths\":[{\"interface\":\"%s\","
		 "\"congestion_control\":[\"%.1000s\",\"a\"]}]}",
		 name, name);
	text = text_of(json, NULL);
	assert_non_null(text);
	free(text);
}

static void figures_have_three_digits(void **state)
{
	char text[FIGURES_TEXT_BYTES];

	assert_string_equal(figures_bytes(0, text), "0 B");
	assert_string_equal(figures_bytes(999, text), "999 B");
	assert_string_equal(figures_bytes(1000, text), "1.00 kB");
	assert_string_equal(figures_bytes(9999, text), "10.0 kB");
	assert_string_equal(figures_bytes(99999, text), "100 kB");
	assert_string_equal(figures_bytes(999999, text), "1.00 MB");
	assert_string_equal(figures_bytes(UINT64_MAX, text), "18.4 EB");
	assert_string_equal(figures_rate(11950000, 1000, text), "95.6 Mbit/s");
	assert_string_equal(figures_rate(0, 1, text), "0 bit/s");
	assert_string_equal(figures_rtt(40, text), "0.04 ms");
	assert_string_equal(figures_rtt(5340, text), "5.3 ms");
	assert_string_equal(figures_rtt(120400, text), "120 ms");
	assert_string_equal(figures_rtt(1250000, text), "1.25 s");
	assert_string_equal(figures_share(0, text), "0 %");
	assert_string_equal(figures_share(0.0002, text), "0.02 %");
	assert_string_equal(figures_share(0.015, text), "1.5 %");
	assert_string_equal(figures_share(1, text), "100 %");
}

static void ages_have_one_part_or_two(void **state)
{
	char text[FIGURES_TEXT_BYTES];

	assert_string_equal(figures_age(0, text), "0 s");
	assert_string_equal(figures_age(59999, text), "59 s");
	assert_string_equal(figures_age(61000, text), "1 min");
	assert_string_equal(figures_age(3600000, text), "1 h");
	assert_string_equal(figures_age(7980000, text), "2 h 13 min");
	assert_string_equal(figures_age(443000000, text), "5 d 3 h");
	assert_string_equal(figures_short_age(443000000, text), "5 d");
	assert_string_equal(figures_short_age(7980000, text), "2 h");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(several_routers_have_a_column),
		cmocka_unit_test(a_client_is_shown),
		cmocka_unit_test(a_scavenger_that_is_missing_is_told_of),
		cmocka_unit_test(interception_is_told_of_if_something_is_odd),
		cmocka_unit_test(a_server_has_no_far_addresses),
		cmocka_unit_test(connections_are_shown_with_their_subflows),
		cmocka_unit_test(what_is_missing_is_said),
		cmocka_unit_test(what_is_no_answer_is_refused),
		cmocka_unit_test(odd_values_are_dashes),
		cmocka_unit_test(an_answer_before_that_is_none_makes_no_rates),
		cmocka_unit_test(a_terminal_is_not_steered),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(figures_have_three_digits),
		cmocka_unit_test(ages_have_one_part_or_two),
	};

	RUN_SUITE(tests);
}
