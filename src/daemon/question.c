/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The question that is put to a control socket: one line of words. */
#include "daemon/question.h"

#include <stdio.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Takes the next word off the line; its length, 0 at the end. */
static size_t next_word(const char **line, const char *end, const char **word)
{
	while (*line < end && is_blank(**line))
		(*line)++;
	*word = *line;
	while (*line < end && !is_blank(**line))
		(*line)++;
	return (size_t)(*line - *word);
}

static bool is_word(const char *word, size_t length, const char *expected)
{
	return length == strlen(expected) && memcmp(word, expected, length) == 0;
}

static enum question_verdict read_line(const char *line, const char *end, struct question *out)
{
	struct question question = {0};
	const char *word;
	size_t length = next_word(&line, end, &word);

	question.is_reload = is_word(word, length, "reload");
	if (!question.is_reload && !is_word(word, length, "status"))
		return QUESTION_UNKNOWN;
	while ((length = next_word(&line, end, &word)) > 0) {
		if (question.is_reload || !is_word(word, length, "flows"))
			return QUESTION_UNKNOWN;
		question.has_flows = true;
	}
	*out = question;
	return QUESTION_KNOWN;
}

enum question_verdict question_parse(const char *text, size_t length, struct question *out)
{
	size_t most = length < QUESTION_BYTES ? length : QUESTION_BYTES;
	const char *end = memchr(text, '\n', most);

	if (end)
		return read_line(text, end, out);
	return length < QUESTION_BYTES ? QUESTION_PARTIAL : QUESTION_UNKNOWN;
}

size_t question_format(const struct question *question, char text[static QUESTION_BYTES])
{
	if (question->is_reload)
		return (size_t)snprintf(text, QUESTION_BYTES, "reload\n");
	return (size_t)snprintf(text, QUESTION_BYTES, "status%s\n",
				question->has_flows ? " flows" : "");
}
