/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/dns.c: whatever a name server says, nothing outside is read, and addresses are addresses.
 */
#include "relay/dns.h"

#include <assert.h>
#include <string.h>

#define MOST 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const uint8_t *data, size_t size, sa_family_t family)
{
	const struct dns_question question = dns_ask("a.test", family, 0x1234);
	struct address address[MOST];
	unsigned n = 0;
	enum dns_answer answer = dns_read(data, size, &question, address, MOST, &n);

	assert(n <= MOST && (n == 0 || answer == DNS_ADDRESSES));
	for (unsigned i = 0; i < n; i++) /* IPv4 inside IPv6 is IPv4 */
		assert(address[i].family == family || address[i].family == AF_INET);
}

/* The same bytes as a name: what can be asked for is a whole question. */
static void check_name(const uint8_t *data, size_t size)
{
	char name[300];
	size_t n = size < sizeof(name) - 1 ? size : sizeof(name) - 1;
	struct dns_question question;

	memcpy(name, data, n);
	name[n] = '\0';
	question = dns_ask(name, AF_INET, 1);
	assert(question.bytes <= sizeof(question.message));
	assert(question.bytes == 0 || question.message[question.bytes - 5] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check(data, size, AF_INET);
	check(data, size, AF_INET6);
	check_name(data, size);
	return 0;
}
