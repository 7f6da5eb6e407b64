/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a ledger: refused without a trace, or written back as text that reads the same. */
#include "paths/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_round_trip(const struct ledger *ledger, size_t size)
{
	size_t room =
		2 * size + 64; /* an address may be written longer than it was read, a little */
	char *text = malloc(room), *again = malloc(room);
	struct ledger copy = {0};
	unsigned line;

	assert(text && again);
	assert(ledger_format(ledger, text, room) >= 0);
	assert(ledger_parse(text, &copy, &line));
	assert(copy.endpoints.n == ledger->endpoints.n);
	assert(copy.limits.is_raised == ledger->limits.is_raised);
	assert(ledger_format(&copy, again, room) >= 0);
	assert(strcmp(text, again) == 0);
	ledger_exit(&copy);
	free(text);
	free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ledger ledger = {0};
	char *text = malloc(size + 1);
	unsigned line = 0;

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (ledger_parse(text, &ledger, &line))
		assert_round_trip(&ledger, size);
	else
		assert(line > 0 && ledger_is_empty(&ledger));
	ledger_exit(&ledger);
	free(text);
	return 0;
}
