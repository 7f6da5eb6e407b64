/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hosts(5): names with addresses that nobody is asked for. */
#include "relay/hosts.h"

#include "base/lines.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define BLANK	   " \t\r"
#define LINE_BYTES 1024
#define NAME_BYTES 256

/* Without a dot at its end, in small letters. False: empty or too long. */
static bool fold(const char *name, char out[static NAME_BYTES])
{
	size_t length = strlen(name);

	if (length > 0 && name[length - 1] == '.')
		length--;
	if (length == 0 || length >= NAME_BYTES)
		return false;
	for (size_t i = 0; i < length; i++)
		out[i] = (char)tolower((unsigned char)name[i]);
	out[length] = '\0';
	return true;
}

static void add(struct hosts *hosts, const struct address *address, const char *word)
{
	char name[NAME_BYTES];
	size_t bytes;

	if (!fold(word, name))
		return;
	bytes = strlen(name) + 1;
	if (hosts->n == HOSTS_MAX || hosts->text_bytes + bytes > HOSTS_TEXT_BYTES) {
		hosts->is_cut = true;
		return;
	}
	hosts->entry[hosts->n++] = (struct hosts_entry){hosts->text_bytes, *address};
	memcpy(hosts->text + hosts->text_bytes, name, bytes);
	hosts->text_bytes += (uint32_t)bytes;
}

static void read_line(char *line, struct hosts *hosts)
{
	char *rest = line;
	const char *word;
	struct address address;

	line[strcspn(line, "#")] = '\0';
	word = strtok_r(line, BLANK, &rest);
	if (!word || !address_parse(word, &address))
		return;
	while ((word = strtok_r(NULL, BLANK, &rest)))
		add(hosts, &address, word);
}

/* Names lie in the text in the file's order, which parts those that are the same. */
static int compare_entries(const void *a, const void *b, void *text)
{
	const struct hosts_entry *left = a, *right = b;
	int order = strcmp((const char *)text + left->name, (const char *)text + right->name);

	if (order != 0)
		return order;
	return left->name < right->name ? -1 : left->name > right->name;
}

void hosts_parse(const char *text, struct hosts *out)
{
	char line[LINE_BYTES];

	out->n = out->text_bytes = 0;
	out->is_cut = false;
	while (lines_next(&text, line, sizeof(line)))
		read_line(line, out);
	qsort_r(out->entry, out->n, sizeof(out->entry[0]), compare_entries, out->text);
}

/* The first entry whose name is not before this one. */
static uint32_t lower_bound(const struct hosts *hosts, const char *name)
{
	uint32_t low = 0, high = hosts->n;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (strcmp(hosts->text + hosts->entry[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

unsigned hosts_find(const struct hosts *hosts, const char *name, struct address *out, unsigned max)
{
	char folded[NAME_BYTES];
	unsigned found = 0;

	if (!fold(name, folded))
		return 0;
	for (uint32_t i = lower_bound(hosts, folded); i < hosts->n && found < max; i++) {
		if (strcmp(hosts->text + hosts->entry[i].name, folded) != 0)
			break;
		out[found++] = hosts->entry[i].address;
	}
	return found;
}

void hosts_copy(struct hosts *to, const struct hosts *from)
{
	to->n = from->n < HOSTS_MAX ? from->n : HOSTS_MAX;
	to->text_bytes = from->text_bytes < HOSTS_TEXT_BYTES ? from->text_bytes : HOSTS_TEXT_BYTES;
	to->is_cut = from->is_cut;
	memcpy(to->entry, from->entry, to->n * sizeof(to->entry[0]));
	memcpy(to->text, from->text, to->text_bytes);
}
