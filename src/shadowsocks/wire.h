/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Numbers on the wire: big endian, of 1 to 8 bytes. */
#ifndef MPBRIDGE_WIRE_H
#define MPBRIDGE_WIRE_H

#include <stddef.h>
#include <stdint.h>

uint64_t wire_read(const uint8_t *bytes, size_t n);
void wire_write(uint8_t *bytes, size_t n, uint64_t value);

#endif
