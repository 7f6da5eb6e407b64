/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages to and from name servers (RFC 1035 section 4): the addresses of a name. */
#include "relay/dns.h"

#include "shadowsocks/wire.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

/*
 *   header     | id 2 | flags 2 | questions 2 | answers 2 | authorities 2 | more 2 |
 *   question   | name: n, n bytes, ..., 0     | type 2 | class 2 |
 *   record     | name, or where it is repeated: 0xc000 + offset | type 2 | class 2 | ttl 4 |
 *              | n 2 | n bytes |
 */

#define HEADER_BYTES 12
#define RECORD_BYTES 10 /* type, class, ttl, length */
#define NAME_BYTES   255
#define LABEL_BYTES  63

#define IS_ANSWER      0x8000
#define OPERATION      0x7800 /* 0: a plain question */
#define IS_CUT	       0x0200
#define SEARCH_PLEASE  0x0100
#define RESULT	       0x000f
#define RESULT_NO_NAME 3

#define TYPE_A	  1
#define TYPE_AAAA 28
#define CLASS_IN  1

#define IS_REPEATED 0xc0 /* in a name: this byte and the next one say where it goes on */

/* What is left of a message. */
struct rest {
	const uint8_t *at;
	size_t bytes;
};

static void put16(uint8_t *at, uint16_t value)
{
	wire_write(at, 2, value);
}

static uint16_t get16(const uint8_t *at)
{
	return (uint16_t)wire_read(at, 2);
}

static uint8_t *put_label(uint8_t *at, const char *label, size_t n)
{
	*at++ = (uint8_t)n;
	memcpy(at, label, n);
	return at + n;
}

/* The end of the name, or NULL: it is none. There is room for NAME_BYTES. */
static uint8_t *put_name(uint8_t *at, const char *name)
{
	const uint8_t *begin = at;

	while (*name) {
		size_t n = strcspn(name, ".");

		/* its length, itself, and the last label, which is empty */
		if (n == 0 || n > LABEL_BYTES || at - begin + 1 + n + 1 > NAME_BYTES)
			return NULL;
		at = put_label(at, name, n);
		name += n;
		if (*name == '.')
			name++;
	}
	if (at == begin)
		return NULL;
	*at++ = 0;
	return at;
}

struct dns_question dns_ask(const char *name, sa_family_t family, uint16_t id)
{
	struct dns_question question = {0};
	uint8_t *message = question.message, *end;

	put16(message, id);
	put16(message + 2, SEARCH_PLEASE);
	put16(message + 4, 1);
	end = put_name(message + HEADER_BYTES, name);
	if (!end)
		return question;
	put16(end, family == AF_INET6 ? TYPE_AAAA : TYPE_A);
	put16(end + 2, CLASS_IN);
	question.bytes = (uint16_t)(end + 4 - message);
	return question;
}

static bool equal_in_any_case(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tolower(a[i]) != tolower(b[i]))
			return false;
	return true;
}

static bool answers(const uint8_t *message, size_t bytes, const struct dns_question *question)
{
	const uint8_t *asked = question->message;

	return bytes >= question->bytes && question->bytes > HEADER_BYTES &&
	       get16(message) == get16(asked) &&
	       (get16(message + 2) & (IS_ANSWER | OPERATION)) == IS_ANSWER &&
	       get16(message + 4) == 1 &&
	       equal_in_any_case(message + HEADER_BYTES, asked + HEADER_BYTES,
				 question->bytes - HEADER_BYTES);
}

static bool skip(struct rest *rest, size_t n)
{
	if (n > rest->bytes)
		return false;
	rest->at += n;
	rest->bytes -= n;
	return true;
}

/* Past a name in place, which ends with an empty label or with one that is elsewhere. */
static bool skip_name(struct rest *rest)
{
	while (rest->bytes > 0) {
		uint8_t n = *rest->at;

		if (n >= IS_REPEATED)
			return skip(rest, 2);
		if (n > LABEL_BYTES || !skip(rest, 1u + n))
			return false;
		if (n == 0)
			return true;
	}
	return false;
}

/* False: there is no whole record. An address of the type leads to true in *is_address. */
static bool read_record(struct rest *rest, uint16_t type, struct address *out, bool *is_address)
{
	const uint8_t *head;
	uint16_t n;

	if (!skip_name(rest))
		return false;
	head = rest->at;
	if (!skip(rest, RECORD_BYTES))
		return false;
	n = get16(head + 8);
	if (!skip(rest, n))
		return false;
	*is_address = get16(head) == type && get16(head + 2) == CLASS_IN &&
		      n == (type == TYPE_A ? 4 : 16);
	if (*is_address)
		*out = address_from_bytes(type == TYPE_A ? AF_INET : AF_INET6, head + RECORD_BYTES);
	return true;
}

static unsigned read_addresses(struct rest rest, unsigned n_records, uint16_t type,
			       struct address *out, unsigned max)
{
	unsigned n = 0;
	bool is_address;

	while (n_records-- > 0 && n < max && read_record(&rest, type, &out[n], &is_address))
		n += is_address;
	return n;
}

enum dns_answer dns_read(const uint8_t *message, size_t bytes, const struct dns_question *question,
			 struct address *out, unsigned max, unsigned *n)
{
	struct rest rest = {message, bytes};
	uint16_t flags, type;

	if (!answers(message, bytes, question))
		return DNS_OTHER;
	flags = get16(message + 2);
	if ((flags & RESULT) == RESULT_NO_NAME)
		return DNS_NO_NAME;
	if (flags & RESULT)
		return DNS_FAILED;
	if (flags & IS_CUT)
		return DNS_CUT;
	type = get16(question->message + question->bytes - 4);
	skip(&rest, question->bytes);
	*n = read_addresses(rest, get16(message + 6), type, out, max);
	return DNS_ADDRESSES;
}
