/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The address header: where a flow wants to go, and perhaps which host it is from. */
#include "shadowsocks/target.h"

#include "shadowsocks/wire.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

enum atyp { ATYP_IPV4 = 1, ATYP_NAME = 3, ATYP_IPV6 = 4, ATYP_SOURCE = 0x80 };

/* Where the parts of a header lie, once its first two bytes are known. */
struct layout {
	size_t host_offset;
	size_t host_bytes;
};

static int find_layout(const uint8_t *bytes, size_t length, struct layout *out)
{
	if (length < 2)
		return 0;
	switch (bytes[0]) {
	case ATYP_IPV4:
		*out = (struct layout){1, 4};
		return 1;
	case ATYP_IPV6:
		*out = (struct layout){1, 16};
		return 1;
	case ATYP_NAME:
		*out = (struct layout){2, bytes[1]};
		return bytes[1] > 0 ? 1 : -EPROTO;
	}
	return -EPROTO;
}

static bool is_name_byte(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '-' || c == '.' || c == '_' || c == ':';
}

static bool read_name(const uint8_t *bytes, size_t length, char *out)
{
	for (size_t i = 0; i < length; i++)
		if (!is_name_byte(bytes[i]))
			return false;
	memcpy(out, bytes, length);
	out[length] = '\0';
	return true;
}

/* Some clients put an address in text where a name belongs: it is taken for what it says. */
static bool read_host(uint8_t atyp, const uint8_t *host, size_t length, struct target *out)
{
	if (atyp == ATYP_NAME) {
		if (!read_name(host, length, out->name))
			return false;
		if (address_parse(out->name, &out->address))
			out->name[0] = '\0';
		return true;
	}
	out->address = address_from_bytes(atyp == ATYP_IPV4 ? AF_INET : AF_INET6, host);
	return true;
}

/* Without a host before it. As target_parse(). */
static ssize_t parse_plain(const uint8_t *bytes, size_t length, struct target *out)
{
	struct target target = {0};
	struct layout layout;
	const uint8_t *port;
	int known;

	if (length == 1 && bytes[0] != ATYP_IPV4 && bytes[0] != ATYP_NAME && bytes[0] != ATYP_IPV6)
		return -EPROTO;
	known = find_layout(bytes, length, &layout);
	if (known <= 0)
		return known;
	if (length < layout.host_offset + layout.host_bytes + 2)
		return 0;
	if (!read_host(bytes[0], bytes + layout.host_offset, layout.host_bytes, &target))
		return -EPROTO;
	port = bytes + layout.host_offset + layout.host_bytes;
	target.address.port = (uint16_t)wire_read(port, 2);
	if (target.address.port == 0)
		return -EPROTO;
	*out = target;
	return (ssize_t)(layout.host_offset + layout.host_bytes + 2);
}

/* The host's address, and what stands before it. As target_parse(). */
static ssize_t parse_source(const uint8_t *bytes, size_t length, struct address *out)
{
	struct target host;
	ssize_t n;

	if (length >= 2 && bytes[1] == ATYP_NAME)
		return -EPROTO;
	n = parse_plain(bytes + 1, length - 1, &host);
	if (n <= 0)
		return n;
	*out = host.address;
	return 1 + n;
}

ssize_t target_parse(const uint8_t *bytes, size_t length, struct target *out)
{
	struct address source = {0};
	ssize_t before = 0, n;

	if (length > 0 && bytes[0] == ATYP_SOURCE) {
		before = parse_source(bytes, length, &source);
		if (before <= 0)
			return before;
	}
	n = parse_plain(bytes + before, length - (size_t)before, out);
	if (n <= 0)
		return n;
	out->source = source;
	return before + n;
}

static size_t write_address(const struct address *address, uint8_t *out)
{
	size_t bytes = address_ip_bytes(address);

	assert(bytes != 0);
	out[0] = bytes == 4 ? ATYP_IPV4 : ATYP_IPV6;
	memcpy(out + 1, address->ip, bytes);
	wire_write(out + 1 + bytes, 2, address->port);
	return bytes + 3;
}

size_t target_write(const struct address *address, uint8_t out[static TARGET_HEADER_BYTES])
{
	return write_address(address, out);
}

size_t target_write_from(const struct address *source, const struct address *address,
			 uint8_t out[static TARGET_HEADER_BYTES])
{
	size_t before = 1 + write_address(source, out + 1);

	out[0] = ATYP_SOURCE;
	return before + write_address(address, out + before);
}

size_t target_write_name(const char *name, uint16_t port, uint8_t out[static TARGET_HEADER_BYTES])
{
	const size_t length = strlen(name);

	assert(length > 0 && length <= TARGET_NAME_MAX);
	out[0] = ATYP_NAME;
	out[1] = (uint8_t)length;
	for (size_t i = 0; i < length; i++)
		out[2 + i] = (uint8_t)name[i];
	wire_write(out + 2 + length, 2, port);
	return length + 4;
}

const char *target_format(const struct target *target, char buf[static TARGET_TEXT_BYTES])
{
	if (target->address.family != 0)
		return address_format(&target->address, buf);
	snprintf(buf, TARGET_TEXT_BYTES, "%s:%u", target->name, target->address.port);
	return buf;
}
