/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The opened beginning of a request: where it wants to go, and where its payload begins. Pure. */
#include "shadowsocks/header.h"

#include "shadowsocks/codec.h"
#include "shadowsocks/layout.h"
#include "shadowsocks/wire.h"

#include <errno.h>

/* What stands behind the address: how long it is, or -EPROTO. */
static ssize_t padding_bytes(const uint8_t *bytes, size_t n)
{
	size_t padding;

	if (n < LAYOUT_LENGTH_BYTES)
		return -EPROTO;
	padding = (size_t)wire_read(bytes, LAYOUT_LENGTH_BYTES);
	if (padding > LAYOUT_PADDING_MAX || padding > n - LAYOUT_LENGTH_BYTES)
		return -EPROTO;
	if (padding == 0 && n == LAYOUT_LENGTH_BYTES)
		return -EPROTO; /* neither padding nor payload, which SIP022 asks for */
	return (ssize_t)(LAYOUT_LENGTH_BYTES + padding);
}

ssize_t header_parse(enum method_format format, const uint8_t *bytes, size_t n, struct target *out)
{
	struct target target;
	ssize_t address = target_parse(bytes, n, &target), padding = 0;

	if (address < 0)
		return address;
	if (format == METHOD_2022) {
		padding = address == 0 ? -EPROTO
				       : padding_bytes(bytes + address, n - (size_t)address);
		if (padding < 0)
			return padding;
	}
	if (address > 0)
		*out = target;
	return address + padding;
}
