/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The ledger: what we have put into the kernel that cannot carry a mark, as text. */
#include "paths/ledger.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- reading ---- */

/* A line under the eye. Each take_ function moves on, or says no. */
struct reader {
	const char *at;
};

static bool take_word(struct reader *reader, const char *word)
{
	size_t length = strlen(word);

	if (strncmp(reader->at, word, length) != 0)
		return false;
	reader->at += length;
	return true;
}

/* A space and a decimal number. */
static bool take_number(struct reader *reader, uint32_t most, uint32_t *out)
{
	uint64_t value = 0;

	if (*reader->at++ != ' ' || *reader->at < '0' || *reader->at > '9')
		return false;
	for (; *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
		value = value * 10 + (uint64_t)(*reader->at - '0');
		if (value > most)
			return false;
	}
	*out = (uint32_t)value;
	return true;
}

/* A space and an address. */
static bool take_address(struct reader *reader, struct address *out)
{
	char text[ADDRESS_TEXT_BYTES];
	size_t length;

	if (*reader->at != ' ')
		return false;
	reader->at++;
	length = strcspn(reader->at, " \n");
	if (length >= sizeof(text))
		return false;
	memcpy(text, reader->at, length);
	text[length] = '\0';
	reader->at += length;
	return address_parse(text, out);
}

static bool take_limits(struct reader *reader, struct mptcp_limits *limits)
{
	return take_number(reader, MPTCP_PM_MOST, &limits->subflows) &&
	       take_number(reader, MPTCP_PM_MOST, &limits->add_addr_accepted);
}

static bool read_endpoint(struct reader *reader, struct ledger *ledger)
{
	struct mptcp_endpoint endpoint = {0};
	uint32_t id;

	if (!take_address(reader, &endpoint.address) || !take_number(reader, 255, &id) || id == 0 ||
	    !take_number(reader, UINT32_MAX, &endpoint.flags) ||
	    !take_number(reader, INT32_MAX, &endpoint.ifindex))
		return false;
	endpoint.id = (uint8_t)id;
	return ledger_add(ledger, &endpoint) == 0;
}

static bool read_limits(struct reader *reader, struct ledger *ledger)
{
	struct ledger_limits *limits = &ledger->limits;

	if (limits->is_raised || !take_limits(reader, &limits->before) ||
	    !take_word(reader, " set") || !take_limits(reader, &limits->set))
		return false;
	limits->is_raised = true;
	return true;
}

static bool read_line(struct reader *reader, struct ledger *ledger)
{
	bool is_good = false;

	if (take_word(reader, "endpoint"))
		is_good = read_endpoint(reader, ledger);
	else if (take_word(reader, "limits before"))
		is_good = read_limits(reader, ledger);
	return is_good && *reader->at++ == '\n';
}

bool ledger_parse(const char *text, struct ledger *ledger, unsigned *line)
{
	struct reader reader = {text};

	for (unsigned n = 1; *reader.at; n++) {
		if (!read_line(&reader, ledger)) {
			ledger_exit(ledger);
			*line = n;
			return false;
		}
	}
	return true;
}

/* ---- writing ---- */

struct writer {
	char *text;
	size_t size, length;
};

static void put(struct writer *writer, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void put(struct writer *writer, const char *format, ...)
{
	bool is_full = writer->length >= writer->size;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(is_full ? NULL : writer->text + writer->length,
			   is_full ? 0 : writer->size - writer->length, format, arguments);
	va_end(arguments);
	writer->length += (size_t)length;
}

int ledger_format(const struct ledger *ledger, char *text, size_t size)
{
	const struct ledger_limits *limits = &ledger->limits;
	struct writer writer = {text, size, 0};
	char ip[ADDRESS_TEXT_BYTES];

	put(&writer, "%s", "");
	for (size_t i = 0; i < ledger->endpoints.n; i++) {
		const struct mptcp_endpoint *endpoint = &ledger->endpoints.item[i];

		put(&writer, "endpoint %s %u %u %u\n", address_format_ip(&endpoint->address, ip),
		    endpoint->id, endpoint->flags, endpoint->ifindex);
	}
	if (limits->is_raised)
		put(&writer, "limits before %u %u set %u %u\n", limits->before.subflows,
		    limits->before.add_addr_accepted, limits->set.subflows,
		    limits->set.add_addr_accepted);
	return writer.length < size ? (int)writer.length : -ENOSPC;
}

/* ---- changing ---- */

int ledger_add(struct ledger *ledger, const struct mptcp_endpoint *endpoint)
{
	struct mptcp_endpoint *item = array_append(&ledger->endpoints);

	if (!item)
		return -ENOMEM;
	*item = *endpoint;
	return 0;
}

bool ledger_remove(struct ledger *ledger, const struct mptcp_endpoint *endpoint)
{
	struct mptcp_endpoints *endpoints = &ledger->endpoints;

	for (size_t i = 0; i < endpoints->n; i++) {
		struct mptcp_endpoint *item = &endpoints->item[i];

		if (item->id == endpoint->id && address_equal(&item->address, &endpoint->address)) {
			*item = endpoints->item[--endpoints->n];
			return true;
		}
	}
	return false;
}

bool ledger_is_empty(const struct ledger *ledger)
{
	return ledger->endpoints.n == 0 && !ledger->limits.is_raised;
}

void ledger_exit(struct ledger *ledger)
{
	array_free(&ledger->endpoints);
	ledger->limits = (struct ledger_limits){0};
}
