/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing arrays. */
#include "kernel/array.h"

#include <string.h>

void *array_append_bytes(void **items, size_t *n, size_t *capacity, size_t item_bytes)
{
	char *item;

	if (*n == *capacity) {
		size_t wider = *capacity ? *capacity * 2 : 16;
		void *moved = reallocarray(*items, wider, item_bytes);

		if (!moved)
			return NULL;
		*items = moved;
		*capacity = wider;
	}
	item = (char *)*items + (*n)++ * item_bytes;
	memset(item, 0, item_bytes);
	return item;
}
