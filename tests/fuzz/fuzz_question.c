/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a question to the control socket, whole and in pieces: the same verdict. */
#include "daemon/question.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As a socket brings it: byte by byte, until there is a verdict. */
static enum question_verdict parse_in_pieces(const char *text, size_t size, struct question *out)
{
	enum question_verdict verdict = QUESTION_PARTIAL;

	for (size_t n = 0; n <= size && verdict == QUESTION_PARTIAL; n++)
		verdict = question_parse(text, n, out);
	return verdict;
}

static void assert_round_trip(const struct question *question)
{
	char text[QUESTION_BYTES];
	struct question again;
	size_t length = question_format(question, text);

	assert(length < sizeof(text));
	assert(question_parse(text, length, &again) == QUESTION_KNOWN);
	assert(again.has_flows == question->has_flows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1); /* an address that ASan watches, and not NULL */
	struct question question, again;
	enum question_verdict verdict;

	assert(text);
	memcpy(text, data, size);
	verdict = question_parse(text, size, &question);
	assert(parse_in_pieces(text, size, &again) == verdict);
	if (verdict == QUESTION_KNOWN) {
		assert(question.has_flows == again.has_flows);
		assert_round_trip(&question);
	}
	free(text);
	return 0;
}
