/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Greetings: what a client says to its server about the paths between them. */
#include "shadowsocks/greeting.h"

#include "shadowsocks/wire.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#define DOMAIN	      ".mpbridge.invalid"
#define GREETING_PORT 1

#define FLAG_SPARE     1u
#define FLAG_SCAVENGER 2u

static const char *const words[] = {
	[GREETING_USE] = "greeting", [GREETING_SPARE] = "spare", [GREETING_PROBE] = "probe",
	[GREETING_BACK] = "back",    [GREETING_LOST] = "lost",
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

static const char digits[] = "0123456789abcdef";

static char *put(char *at, const char *text)
{
	while (*text)
		*at++ = *text++;
	return at;
}

static char *put_address(char *at, const struct address *address)
{
	size_t bytes = address_ip_bytes(address);

	*at++ = '-';
	for (size_t i = 0; i < bytes; i++) {
		*at++ = digits[address->ip[i] >> 4];
		*at++ = digits[address->ip[i] & 15];
	}
	return at;
}

size_t greeting_write(enum greeting_kind kind, const struct address *about,
		      uint8_t out[static TARGET_HEADER_BYTES])
{
	char name[TARGET_NAME_MAX + 1];
	char *end = put(name, words[kind]);

	if (kind == GREETING_LOST)
		end = put_address(end, about);
	end = put(end, DOMAIN);
	*end = '\0';
	return target_write_name(name, GREETING_PORT, out);
}

static int digit_value(char digit)
{
	const char *found = digit ? strchr(digits, digit) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* 8 or 32 digits. */
static bool read_address(const char *text, size_t length, struct address *about)
{
	uint8_t ip[16];

	if (length != 8 && length != 32)
		return false;
	for (size_t i = 0; i < length / 2; i++) {
		int high = digit_value(text[2 * i]), low = digit_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ip[i] = (uint8_t)(high << 4 | low);
	}
	*about = address_from_bytes(length == 8 ? AF_INET : AF_INET6, ip);
	return true;
}

bool greeting_has_domain(const char *name)
{
	size_t length = strlen(name), domain = strlen(DOMAIN);

	if (length > 0 && name[length - 1] == '.')
		length--;
	return length >= domain && strncasecmp(name + length - domain, DOMAIN, domain) == 0;
}

bool greeting_parse(const struct target *target, enum greeting_kind *kind, struct address *about)
{
	size_t length = strlen(target->name), domain = strlen(DOMAIN);
	size_t label = length - domain;

	if (length <= domain || strcmp(target->name + label, DOMAIN) != 0)
		return false;
	for (size_t i = 0; i < N_WORDS; i++) {
		size_t word = strlen(words[i]);
		struct address lost = {0};

		if (label < word || memcmp(target->name, words[i], word) != 0)
			continue;
		if (i == GREETING_LOST
			    ? target->name[word] != '-' || !read_address(target->name + word + 1,
									 label - word - 1, &lost)
			    : label != word)
			return false;
		*kind = (enum greeting_kind)i;
		*about = lost;
		return true;
	}
	return false;
}

void greeting_write_answer(const struct greeting_answer *answer,
			   uint8_t out[static GREETING_ANSWER_BYTES])
{
	wire_write(out, 8, answer->instance);
	wire_write(out + 8, 8, answer->age_ms);
	wire_write(out + 16, 4,
		   (answer->is_spare ? FLAG_SPARE : 0) |
			   (answer->has_scavenger ? FLAG_SCAVENGER : 0));
	wire_write(out + 20, 4, answer->yields_ms);
}

struct greeting_answer greeting_read_answer(const uint8_t *bytes, size_t n)
{
	struct greeting_answer answer = {.instance = wire_read(bytes, 8),
					 .age_ms = wire_read(bytes + 8, 8)};
	uint64_t flags;

	if (n < GREETING_ANSWER_BYTES)
		return answer;
	flags = wire_read(bytes + 16, 4);
	answer.is_spare = flags & FLAG_SPARE;
	answer.has_scavenger = flags & FLAG_SCAVENGER;
	answer.yields_ms = (uint32_t)wire_read(bytes + 20, 4);
	return answer;
}
