/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A list of messages for the reader of a configuration. */
#include "conf/messages.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A line may quote a file or a flag: what is quoted must not steer a terminal. */
static void replace_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

void messages_add(struct messages *list, const char *format, ...)
{
	va_list args;

	if (list->count < MESSAGES_MAX) {
		va_start(args, format);
		vsnprintf(list->text[list->count], MESSAGES_TEXT_BYTES, format, args);
		va_end(args);
		replace_controls(list->text[list->count]);
	}
	list->count++;
}

unsigned messages_kept(const struct messages *list)
{
	return list->count < MESSAGES_MAX ? list->count : MESSAGES_MAX;
}

bool messages_contain(const struct messages *list, const char *text)
{
	for (unsigned i = 0; i < messages_kept(list); i++)
		if (strstr(list->text[i], text))
			return true;
	return false;
}
