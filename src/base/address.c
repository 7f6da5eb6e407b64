/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An IP address with an optional port, and a network. */
#include "base/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t v4_mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct address address_from_bytes(sa_family_t family, const uint8_t *bytes)
{
	struct address a = {.family = family};
	bool is_mapped = family == AF_INET6 &&
			 memcmp(bytes, v4_mapped_prefix, sizeof(v4_mapped_prefix)) == 0;

	if (is_mapped) {
		a.family = AF_INET;
		bytes += sizeof(v4_mapped_prefix);
	}
	memcpy(a.ip, bytes, address_ip_bytes(&a));
	return a;
}

bool address_parse(const char *text, struct address *out)
{
	uint8_t bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		*out = address_from_bytes(AF_INET, bytes);
	else if (inet_pton(AF_INET6, text, bytes) == 1)
		*out = address_from_bytes(AF_INET6, bytes);
	else
		return false;
	return true;
}

static bool parse_prefix_len(const char *text, unsigned max, uint8_t *out)
{
	unsigned value = 0;

	if (*text == '\0')
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
		if (value > max)
			return false;
	}
	*out = (uint8_t)value;
	return true;
}

bool network_parse(const char *text, struct network *out)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	char ip[ADDRESS_TEXT_BYTES];
	struct network net;

	if (length >= sizeof(ip))
		return false;
	memcpy(ip, text, length);
	ip[length] = '\0';
	if (!address_parse(ip, &net.base))
		return false;
	net.prefix_len = (uint8_t)(address_ip_bytes(&net.base) * 8);
	if (slash && !parse_prefix_len(slash + 1, net.prefix_len, &net.prefix_len))
		return false;
	*out = net;
	return true;
}

const char *address_format_ip(const struct address *a, char buf[static ADDRESS_TEXT_BYTES])
{
	if (a->family == 0 || !inet_ntop(a->family, a->ip, buf, ADDRESS_TEXT_BYTES))
		strcpy(buf, "-");
	return buf;
}

const char *address_format(const struct address *a, char buf[static ADDRESS_TEXT_BYTES])
{
	char ip[ADDRESS_TEXT_BYTES];

	address_format_ip(a, ip);
	if (a->port == 0)
		strcpy(buf, ip);
	else
		snprintf(buf, ADDRESS_TEXT_BYTES, a->family == AF_INET6 ? "[%.45s]:%u" : "%.45s:%u",
			 ip, a->port);
	return buf;
}

const char *network_format(const struct network *n, char buf[static NETWORK_TEXT_BYTES])
{
	char ip[ADDRESS_TEXT_BYTES];

	snprintf(buf, NETWORK_TEXT_BYTES, "%.45s/%u", address_format_ip(&n->base, ip),
		 n->prefix_len);
	return buf;
}

struct address address_from_sockaddr(const struct sockaddr_storage *ss)
{
	const struct sockaddr_in *in = (const void *)ss;
	const struct sockaddr_in6 *in6 = (const void *)ss;
	struct address a = {0};

	if (ss->ss_family == AF_INET) {
		a = address_from_bytes(AF_INET, (const uint8_t *)&in->sin_addr);
		a.port = ntohs(in->sin_port);
	} else if (ss->ss_family == AF_INET6) {
		a = address_from_bytes(AF_INET6, (const uint8_t *)&in6->sin6_addr);
		a.port = ntohs(in6->sin6_port);
	}
	return a;
}

socklen_t address_to_sockaddr(const struct address *a, bool as_ipv6, struct sockaddr_storage *out)
{
	struct sockaddr_in *in = (void *)out;
	struct sockaddr_in6 *in6 = (void *)out;

	assert(a->family != 0);
	memset(out, 0, sizeof(*out));
	if (a->family == AF_INET && !as_ipv6) {
		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip, 4);
		return sizeof(*in);
	}
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons(a->port);
	if (a->family == AF_INET6) {
		memcpy(&in6->sin6_addr, a->ip, 16);
	} else if (!address_is_unspecified(a)) {
		memcpy(&in6->sin6_addr, v4_mapped_prefix, sizeof(v4_mapped_prefix));
		memcpy((uint8_t *)&in6->sin6_addr + 12, a->ip, 4);
	}
	return sizeof(*in6);
}

size_t address_ip_bytes(const struct address *a)
{
	if (a->family == 0)
		return 0;
	return a->family == AF_INET ? 4 : 16;
}

bool address_ip_equal(const struct address *a, const struct address *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, sizeof(a->ip)) == 0;
}

bool address_equal(const struct address *a, const struct address *b)
{
	return address_ip_equal(a, b) && a->port == b->port;
}

bool network_equal(const struct network *a, const struct network *b)
{
	return a->prefix_len == b->prefix_len && address_ip_equal(&a->base, &b->base);
}

void network_clear_host(struct network *n)
{
	size_t bytes = address_ip_bytes(&n->base);

	for (size_t i = 0; i < bytes; i++) {
		unsigned kept = n->prefix_len > 8 * i ? n->prefix_len - 8 * (unsigned)i : 0;

		if (kept < 8)
			n->base.ip[i] &= (uint8_t)(0xff00u >> kept);
	}
}

bool network_contains(const struct network *n, const struct address *a)
{
	size_t whole = n->prefix_len / 8;
	uint8_t rest = (uint8_t)(0xff00 >> (n->prefix_len % 8));

	if (n->base.family != a->family || a->family == 0)
		return false;
	if (memcmp(n->base.ip, a->ip, whole) != 0)
		return false;
	return whole == address_ip_bytes(a) || ((n->base.ip[whole] ^ a->ip[whole]) & rest) == 0;
}

bool network_is_broadcast(const struct network *n, const struct address *a)
{
	uint32_t host;

	if (a->family != AF_INET || n->prefix_len > 30 || !network_contains(n, a))
		return false;
	host = (uint32_t)a->ip[0] << 24 | (uint32_t)a->ip[1] << 16 | (uint32_t)a->ip[2] << 8 |
	       a->ip[3];
	return (host | ~(uint32_t)(UINT32_MAX >> n->prefix_len)) == UINT32_MAX;
}

bool address_is_unspecified(const struct address *a)
{
	static const uint8_t zero[16];

	if (a->family == AF_INET)
		return a->ip[0] == 0; /* "this network", RFC 1122 3.2.1.3 */
	return a->family == AF_INET6 && memcmp(a->ip, zero, 16) == 0;
}

bool address_is_loopback(const struct address *a)
{
	static const uint8_t one[16] = {[15] = 1};

	if (a->family == AF_INET)
		return a->ip[0] == 127;
	return a->family == AF_INET6 && memcmp(a->ip, one, 16) == 0;
}

bool address_is_multicast(const struct address *a)
{
	if (a->family == AF_INET)
		return (a->ip[0] & 0xf0) == 0xe0;
	return a->family == AF_INET6 && a->ip[0] == 0xff;
}

bool address_is_link_local(const struct address *a)
{
	if (a->family == AF_INET)
		return a->ip[0] == 169 && a->ip[1] == 254;
	return a->family == AF_INET6 && a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

bool address_is_broadcast(const struct address *a)
{
	static const uint8_t ones[4] = {255, 255, 255, 255};

	return a->family == AF_INET && memcmp(a->ip, ones, 4) == 0;
}

bool address_is_reserved(const struct address *a)
{
	return a->family == AF_INET && a->ip[0] >= 240;
}
