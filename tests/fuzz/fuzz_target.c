/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shadowsocks/target.c: what is read is what is written; a prefix never reads as something else. */
#include "shadowsocks/greeting.h"
#include "shadowsocks/target.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t write_header(const struct target *target, uint8_t header[static TARGET_HEADER_BYTES])
{
	return target->source.family ? target_write_from(&target->source, &target->address, header)
				     : target_write(&target->address, header);
}

/* It reads as what it was written of; and if it was read so, the bytes are the same. */
static void check_written(const struct target *target, const uint8_t *data, ssize_t length)
{
	bool is_mapped = data[0] == 4 && target->address.family == AF_INET;
	uint8_t header[TARGET_HEADER_BYTES];
	struct target again;
	size_t n;

	if (target->address.family == 0)
		return;
	n = write_header(target, header);
	assert(target_parse(header, n, &again) == (ssize_t)n);
	assert(address_equal(&again.address, &target->address));
	assert(address_equal(&again.source, &target->source));
	if (data[0] == 3 || is_mapped || target->source.family)
		return;
	assert(n == (size_t)length && memcmp(header, data, n) == 0);
}

/* A shorter input asks for more, or is refused; it never becomes a header, nor touches the result.
 */
static void check_prefixes(const uint8_t *data, ssize_t length)
{
	for (ssize_t n = 0; n < length; n++) {
		struct target target = {.name = "untouched"};

		assert(target_parse(data, (size_t)n, &target) == 0);
		assert(strcmp(target.name, "untouched") == 0);
	}
}

/* What reads as a greeting is what we would have written. */
static void check_greeting(const struct target *target)
{
	uint8_t header[TARGET_HEADER_BYTES];
	enum greeting_kind kind;
	struct address about;
	struct target again;

	if (!greeting_parse(target, &kind, &about) || about.family == AF_INET6)
		return; /* 32 digits may be those of an IPv4-mapped address */
	assert(target_parse(header, greeting_write(kind, &about, header), &again) > 0);
	assert(strcmp(again.name, target->name) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TARGET_TEXT_BYTES];
	struct target target;
	ssize_t length = target_parse(data, size, &target);

	assert(length >= 0 || length == -EPROTO);
	assert(length <= (ssize_t)size);
	if (length <= 0)
		return 0;
	assert(target.address.port != 0);
	assert(strlen(target_format(&target, text)) < sizeof(text));
	check_written(&target, data, length);
	check_greeting(&target);
	check_prefixes(data, length);
	return 0;
}
