/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bytes as hexadecimal text. */
#ifndef MPBRIDGE_HEX_H
#define MPBRIDGE_HEX_H

#include <stdio.h>
#include <string.h>

/* Reads all of the text; returns the number of bytes. */
static inline size_t hex_read(const char *text, uint8_t *out)
{
	size_t n = strlen(text) / 2;

	assert_int_equal(strlen(text) % 2, 0);
	for (size_t i = 0; i < n; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(text + 2 * i, "%2x", &byte), 1);
		out[i] = (uint8_t)byte;
	}
	return n;
}

/* Whether the bytes are the text's. */
static inline void assert_hex(const uint8_t *bytes, const char *text)
{
	char found[1024];
	size_t n = strlen(text) / 2;

	assert_true(2 * n < sizeof(found));
	found[0] = '\0';
	for (size_t i = 0; i < n; i++)
		snprintf(found + 2 * i, 3, "%02x", bytes[i]);
	assert_string_equal(found, text);
}

#endif
