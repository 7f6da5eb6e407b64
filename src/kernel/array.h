/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing arrays: a struct with `item`, `n` and `capacity`, filled at its end. */
#ifndef MPBRIDGE_ARRAY_H
#define MPBRIDGE_ARRAY_H

#include <stddef.h>
#include <stdlib.h>

#define ARRAY_OF(type)                                                                             \
	{                                                                                          \
		__typeof__(type) *item;                                                            \
		size_t n;                                                                          \
		size_t capacity;                                                                   \
	}

/* A pointer to a new item, zeroed, at the end of *array; NULL when there is no memory. */
#define array_append(array)                                                                        \
	((__typeof__((array)->item))array_append_bytes(                                            \
		(void **)&(array)->item, &(array)->n, &(array)->capacity, sizeof(*(array)->item)))

/* Frees the items; the array is empty then, and may be filled again. */
#define array_free(array)                                                                          \
	do {                                                                                       \
		free((array)->item);                                                               \
		(array)->item = NULL;                                                              \
		(array)->n = (array)->capacity = 0;                                                \
	} while (0)

/* What array_append() calls; nobody else does. */
void *array_append_bytes(void **items, size_t *n, size_t *capacity, size_t item_bytes);

#endif
