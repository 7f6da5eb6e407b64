/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Findings: what is wrong, why it matters, what helps, and the command that shows it. */
#include "doctor/finding.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 80
#define INDENT	"         "

struct finding *finding_add(struct findings *findings, const char *id,
			    enum finding_severity severity)
{
	static struct finding nowhere;
	struct finding *grown =
		realloc(findings->item, (findings->n + 1) * sizeof(*findings->item));

	if (!grown)
		return &nowhere;
	findings->item = grown;
	grown[findings->n] = (struct finding){.id = id, .severity = severity};
	return &grown[findings->n++];
}

void finding_say(char text[static FINDING_TEXT_BYTES], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, FINDING_TEXT_BYTES, format, arguments);
	va_end(arguments);
}

void findings_sort(struct findings *findings)
{
	for (unsigned i = 1; i < findings->n; i++) {
		struct finding moved = findings->item[i];
		unsigned at = i;

		for (; at > 0 && findings->item[at - 1].severity < moved.severity; at--)
			findings->item[at] = findings->item[at - 1];
		findings->item[at] = moved;
	}
}

enum finding_severity findings_worst(const struct findings *findings)
{
	enum finding_severity worst = FINDING_NOTE;

	for (unsigned i = 0; i < findings->n; i++)
		if (findings->item[i].severity > worst)
			worst = findings->item[i].severity;
	return worst;
}

static const char *word_of(enum finding_severity severity)
{
	switch (severity) {
	case FINDING_ERROR:
		return "error";
	case FINDING_WARNING:
		return "warning";
	case FINDING_NOTE:
		break;
	}
	return "note";
}

/* The first line begins at `column`, the others behind the indent; words stay whole. */
static void print_wrapped(FILE *out, const char *text, size_t column)
{
	while (*text) {
		size_t length = strcspn(text, " ");

		if (column + length > COLUMNS && column > strlen(INDENT)) {
			fputs("\n" INDENT, out);
			column = strlen(INDENT);
		}
		fprintf(out, "%.*s", (int)length, text);
		column += length;
		text += length;
		if (*text == ' ') {
			if (column + 1 + strcspn(text + 1, " ") <= COLUMNS)
				fputc(' ', out);
			column++;
			text++;
		}
	}
	fputc('\n', out);
}

static void print_line(FILE *out, const char *head, const char *text)
{
	fprintf(out, "%-9s", head);
	print_wrapped(out, text, strlen(INDENT));
}

void findings_print(FILE *out, const struct findings *findings)
{
	for (unsigned i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->item[i];
		char head[16];

		snprintf(head, sizeof(head), "%s:", word_of(finding->severity));
		print_line(out, head, finding->what);
		print_line(out, "  remedy", finding->remedy);
		fprintf(out, "  see    %s\n\n", finding->command);
	}
	if (findings->n == 0)
		fputs("nothing was found\n", out);
}

static void add_text(struct json_object *object, const char *key, const char *text)
{
	json_object_object_add(object, key, json_object_new_string(text));
}

void findings_print_json(FILE *out, const struct findings *findings)
{
	struct json_object *list = json_object_new_array();

	for (unsigned i = 0; i < findings->n; i++) {
		const struct finding *finding = &findings->item[i];
		struct json_object *object = json_object_new_object();

		add_text(object, "id", finding->id);
		add_text(object, "severity", word_of(finding->severity));
		add_text(object, "what", finding->what);
		add_text(object, "remedy", finding->remedy);
		add_text(object, "command", finding->command);
		json_object_array_add(list, object);
	}
	fprintf(out, "%s\n", json_object_to_json_string_ext(list, JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(list);
}

void findings_free(struct findings *findings)
{
	free(findings->item);
	*findings = (struct findings){0};
}
