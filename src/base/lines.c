/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text, line by line. */
#include "base/lines.h"

#include <string.h>

bool lines_next(const char **text, char *line, size_t bytes)
{
	size_t length = strcspn(*text, "\n");

	if (**text == '\0')
		return false;
	line[0] = '\0';
	if (length < bytes) {
		memcpy(line, *text, length);
		line[length] = '\0';
	}
	*text += length + ((*text)[length] != '\0');
	return true;
}
