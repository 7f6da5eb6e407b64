/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers on the wire: big endian, of 1 to 8 bytes. */
#include "shadowsocks/wire.h"

uint64_t wire_read(const uint8_t *bytes, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value = value << 8 | bytes[i];
	return value;
}

void wire_write(uint8_t *bytes, size_t n, uint64_t value)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(value >> (8 * (n - 1 - i)));
}
