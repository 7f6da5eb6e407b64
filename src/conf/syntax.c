/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The syntax of single values. */
#include "conf/syntax.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS	      "0123456789"
#define LETTERS	      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define SMALL_LETTERS "abcdefghijklmnopqrstuvwxyz"
#define LABEL_LETTERS LETTERS DIGITS "-_"
#define LABEL_MAX     63

static bool is_digits(const char *text, size_t length)
{
	return length > 0 && strspn(text, DIGITS) >= length;
}

static bool is_label(const char *text, size_t length)
{
	return length > 0 && length <= LABEL_MAX && strspn(text, LABEL_LETTERS) >= length &&
	       text[0] != '-' && text[length - 1] != '-';
}

/* A last label of digits alone would be a mistyped IPv4 address (RFC 3696, section 2). */
bool syntax_is_host_name(const char *text)
{
	const char *label = text;

	if (strlen(text) >= CONF_NAME_BYTES - 2)
		return false;
	for (;;) {
		size_t length = strcspn(label, ".");
		bool is_last = label[length] == '\0' || label[length + 1] == '\0';

		if (!is_label(label, length))
			return false;
		if (is_last)
			return !is_digits(label, length);
		label += length + 1;
	}
}

/* "name:80", "10.0.0.1:80", "[fd00::1]:80"; an IPv6 address without brackets has more colons. */
static bool has_port(const char *text)
{
	const char *colon = strrchr(text, ':');

	if (!colon || !is_digits(colon + 1, strlen(colon + 1)))
		return false;
	return text[0] == '[' ? colon[-1] == ']' : strchr(text, ':') == colon;
}

/* Copies the address without its brackets. False: not a bracketed IPv6 address. */
static bool strip_brackets(const char *text, char out[static ADDRESS_TEXT_BYTES])
{
	size_t length = strlen(text);

	if (length < 4 || length >= ADDRESS_TEXT_BYTES || text[0] != '[' || text[length - 1] != ']')
		return false;
	snprintf(out, ADDRESS_TEXT_BYTES, "%.*s", (int)length - 2, text + 1);
	return strchr(out, ':') != NULL;
}

/* What is wrong with a text that is no address; a host name is nothing to complain about here. */
static const char *explain(const char *text)
{
	if (text[0] == '\0')
		return "an empty address";
	if (has_port(text))
		return "a port does not belong here: it has its own key, server_port or local_port";
	if (strchr(text, '/'))
		return "a network, where one address is meant";
	if (strchr(text, ':') && strchr(text, '%'))
		return "an address with a scope (%interface) cannot be used";
	if (!syntax_is_host_name(text))
		return "neither an IP address nor a host name";
	return NULL;
}

const char *syntax_read_host(const char *text, struct conf_host *out)
{
	char ip[ADDRESS_TEXT_BYTES];
	struct conf_host host = {0};
	const char *problem;

	if (strip_brackets(text, ip) && address_parse(ip, &host.address))
		text = ip;
	else if (!address_parse(text, &host.address) && (problem = explain(text)))
		return problem;
	snprintf(host.name, sizeof(host.name), "%s", text);
	*out = host;
	return NULL;
}

const char *syntax_read_address(const char *text, struct address *out)
{
	struct conf_host host;
	const char *problem = syntax_read_host(text, &host);

	if (problem)
		return problem;
	if (host.address.family == 0)
		return "a host name, where only an IP address can stand";
	*out = host.address;
	return NULL;
}

bool syntax_read_number(const char *text, int64_t *out)
{
	int64_t value = 0;

	if (!is_digits(text, strlen(text)))
		return false;
	for (; *text; text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, *text - '0', &value))
			return false;
	*out = value;
	return true;
}

bool syntax_read_hex(const char *text, int64_t *out)
{
	size_t length = strlen(text);

	if (length < 3 || length > 10 || strncmp(text, "0x", 2) != 0 ||
	    strspn(text + 2, DIGITS "abcdefABCDEF") != length - 2)
		return false;
	*out = strtoll(text + 2, NULL, 16);
	return true;
}

bool syntax_read_ports(const char *text, struct conf_ports *out)
{
	const char *dash = strchr(text, '-');
	size_t length = dash ? (size_t)(dash - text) : strlen(text);
	char low[8];
	int64_t first, last;

	if (length >= sizeof(low))
		return false;
	memcpy(low, text, length);
	low[length] = '\0';
	if (!syntax_read_number(low, &first) || !syntax_read_number(dash ? dash + 1 : low, &last) ||
	    first < 1 || last < first || last > 65535)
		return false;
	*out = (struct conf_ports){(uint16_t)first, (uint16_t)last};
	return true;
}

bool syntax_read_nameserver(const char *text, struct address *out)
{
	const char *colon = has_port(text) ? strrchr(text, ':') : NULL;
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	struct address server;
	char host[ADDRESS_TEXT_BYTES];
	int64_t port = 53;

	if (length >= sizeof(host))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	if (syntax_read_address(host, &server))
		return false;
	if (colon && (!syntax_read_number(colon + 1, &port) || port < 1 || port > 65535))
		return false;
	server.port = (uint16_t)port;
	*out = server;
	return true;
}

bool syntax_is_interface(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length >= IF_NAMESIZE || strpbrk(text, "/: \t\n\v\f\r"))
		return false;
	return strcmp(text, ".") != 0 && strcmp(text, "..") != 0;
}

bool syntax_is_congestion(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && length < CONF_CONGESTION_BYTES &&
	       strspn(text, SMALL_LETTERS DIGITS "_") == length;
}

bool syntax_is_user(const char *text)
{
	size_t length = strlen(text);

	return length > 0 && strspn(text, LABEL_LETTERS ".") == length &&
	       strchr(LETTERS "_", text[0]);
}

/* Bytes of the character that begins here, or 0. What is overlong shows in the second byte. */
static size_t utf8_char_length(const unsigned char *c, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t length = c[0] < 0x80 ? 1 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

	if (length == 1)
		return 1;
	if (c[0] < 0xc2 || c[0] > 0xf4 || length > left)
		return 0;
	if (c[0] == 0xe0)
		low = 0xa0;
	else if (c[0] == 0xed)
		high = 0x9f;
	else if (c[0] == 0xf0)
		low = 0x90;
	else if (c[0] == 0xf4)
		high = 0x8f;
	if (c[1] < low || c[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((c[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

size_t syntax_utf8_length(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	size_t done = 0, step;

	while (done < length && (step = utf8_char_length(bytes + done, length - done)) > 0)
		done += step;
	return done;
}
