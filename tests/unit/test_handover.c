/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daemon/handover.c: what one program writes the next one reads, and nothing else. */
#include "suite.h"

#include "daemon/handover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct address ip(const char *text, uint16_t port)
{
	struct address address;

	assert_true(address_parse(text, &address));
	address.port = port;
	return address;
}

/* A server with all there can be. */
static void fill(struct handover *handover)
{
	memset(handover, 0, sizeof(*handover));
	snprintf(handover->layout, sizeof(handover->layout), "%s", handover_layout());
	handover->instance = UINT64_MAX;
	handover->started_ms = 12345678901;
	handover->board_fd = 5;
	handover->control_fd = 6;
	handover->salts_fd = -1;
	snprintf(handover->routers, sizeof(handover->routers), "8388 0 10.10.1.2");
	memset(handover->sockets.fd, -1, sizeof(handover->sockets.fd));
	handover->sockets.n_addresses = 2;
	handover->sockets.n_sets = 2;
	handover->sockets.on[0].address = ip("::", 8388);
	handover->sockets.on[0].is_dual_stack = true;
	handover->sockets.on[1].address = ip("10.10.1.2", 8388);
	for (int i = 0; i < 4; i++)
		handover->sockets.fd[i / 2][i % 2] = 20 + i;
	handover->paths.slot = 3;
	handover->paths.slot_fd = 7;
	snprintf(handover->paths.ledger, sizeof(handover->paths.ledger),
		 "endpoint 10.10.1.2 1 2 3\n");
	snprintf(handover->paths.tables.user[4].interface, IF_NAMESIZE, "wan \"1\"");
	handover->paths.tables.user[4].local = ip("10.10.1.2", 0);
	handover->paths.tables.user[4].router = 1;
	handover->paths.audience.announce.n = 2;
	handover->paths.audience.announce.entry[0].address = ip("10.10.1.2", 0);
	handover->paths.audience.announce.entry[1].address = ip("fd00::1", 0);
	handover->paths.audience.announce.entry[1].is_lost = true;
	handover->paths.audience.spares.n = 1;
	handover->paths.audience.spares.item[0].local = ip("10.10.2.2", 0);
	handover->paths.audience.spares.item[0].remote = ip("fd00::3", 0);
	handover->n_servers = 2;
	handover->server[0].address = ip("10.10.1.2", 0);
	handover->server[1].address = ip("fd00::2", 0);
	handover->server[1].router = 1;
	handover->interception.claim_fd = 8;
	handover->interception.is_leaving = true;
	handover->interception.mark = UINT32_MAX;
	handover->interception.mode = CONF_INTERCEPT_REDIRECT;
	handover->interception.needed.n_interfaces = 1;
	snprintf(handover->interception.needed.interface[0].name, IF_NAMESIZE, "lan");
	handover->interception.needed.local_output = true;
	handover->n_workers = 1;
	handover->worker[0] = (struct crew_veteran){127, 4711, 9, true, false};
}

static void what_is_written_is_read(void **state)
{
	static struct handover handover, read;
	char *text, *again;

	fill(&handover);
	text = handover_format(&handover);
	assert_non_null(text);
	assert_true(handover_parse(text, &read));
	again = handover_format(&read);
	assert_string_equal(again, text);
	free(again);
	assert_true(handover_has_own_layout(&read));
	free(text);
}

static void one_that_has_next_to_nothing(void **state)
{
	static struct handover handover, read;
	char *text;

	fill(&handover);
	handover.control_fd = handover.interception.claim_fd = -1;
	handover.n_workers = handover.paths.audience.announce.n = handover.sockets.n_sets = 0;
	snprintf(handover.layout, sizeof(handover.layout), "another");
	text = handover_format(&handover);
	assert_true(handover_parse(text, &read));
	assert_int_equal(read.sockets.n_sets, 0);
	assert_false(handover_has_own_layout(&read));
	free(text);
}

/* At each byte, and with each member changed into something that it cannot be. */
static void rubbish_is_not(void **state)
{
	static const struct {
		const char *what, *instead;
	} changes[] = {
		{"\"format\":1", "\"format\":2"},
		{"\"board_fd\":5", "\"board_fd\":0"},
		{"\"board_fd\":5", "\"board_fd\":\"5\""},
		{"\"slot\":3", "\"slot\":16"},
		{"\"index\":127", "\"index\":128"},
		{"\"index\":4", "\"index\":16"},
		{"\"pid\":4711", "\"pid\":-1"},
		{"\"mode\":2", "\"mode\":3"},
		{"\"leaving\":true", "\"leaving\":null"},
		{"\"mark\":4294967295", "\"mark\":4294967296"},
		{"\"router\":1", "\"router\":256"},
		{"[20,21,22,23]", "[20,21,22]"},
		{"[20,21,22,23]", "[20,21,22,0]"},
		{"\"lan\"", "\"an interface's name that is too long\""},
		{"\"lost\":true", "\"lost\":1"},
		{"\"fd00::3\"", "\"fd00:3\""},
		{"\"10.10.1.2\"", "\"10.10.1\""},
		{"\"port\":8388", "\"port\":65536"},
	};
	static struct handover handover, read;
	char *text, *cut;

	fill(&handover);
	text = handover_format(&handover);
	for (size_t n = 0; n < strlen(text); n++) {
		cut = strndup(text, n);
		assert_false(handover_parse(cut, &read));
		free(cut);
	}
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const char *at = strstr(text, changes[i].what);

		assert_non_null(at);
		assert_true(asprintf(&cut, "%.*s%s%s", (int)(at - text), text, changes[i].instead,
				     at + strlen(changes[i].what)) > 0);
		assert_false(handover_parse(cut, &read));
		free(cut);
	}
	assert_false(handover_parse("[]", &read));
	assert_false(handover_parse("{}", &read));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(one_that_has_next_to_nothing),
		cmocka_unit_test(rubbish_is_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
