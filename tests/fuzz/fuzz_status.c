/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a daemon's answer to `mpbridge status`: text that no terminal obeys, or refused. */
#include "cli/status_text.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void assert_printable(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert((unsigned char)text[i] >= ' ' || text[i] == '\n');
}

static void check(const char *now, const char *before)
{
	size_t n = 0;
	char *text = NULL;
	FILE *out = open_memstream(&text, &n);
	bool is_answer;

	assert(out);
	is_answer = status_text_write(out, now, before);
	fclose(out);
	assert(is_answer ? n > 0 : n == 0);
	assert_printable(text, n);
	free(text);
}

/* A NUL parts what was said now from what was said before. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *end;

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	end = text + strlen(text);
	check(text, NULL);
	check(text, end < text + size ? end + 1 : text);
	free(text);
	return 0;
}
