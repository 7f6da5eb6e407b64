/* SPDX-License-Identifier: GPL-3.0-or-later */
/* relay/resolv.c and relay/hosts.c: whatever the files say, the values are in bounds and agree. */
#include "relay/hosts.h"
#include "relay/resolv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_resolv(const char *text)
{
	char servers[RESOLV_SERVERS_BYTES], again[RESOLV_SERVERS_BYTES];
	struct resolv resolv;

	resolv_parse(text, &resolv);
	assert(resolv.n_servers >= 1 && resolv.n_servers <= CONF_NAMESERVERS_MAX);
	assert(resolv.timeout_ms >= 1000 && resolv.timeout_ms <= 30000);
	assert(resolv.attempts >= 1 && resolv.attempts <= 5);
	for (uint32_t i = 0; i < resolv.n_servers; i++)
		assert(resolv.server[i].family != 0 && resolv.server[i].port != 0);
	assert(strlen(resolv_format_servers(&resolv, servers)) < sizeof(servers));
	assert(strcmp(resolv_format_servers(&resolv, again), servers) == 0);
}

/* Each name that was read is found, with its address among those. */
static void check_hosts(const char *text)
{
	static struct hosts hosts;

	hosts_parse(text, &hosts);
	assert(hosts.n <= HOSTS_MAX && hosts.text_bytes <= HOSTS_TEXT_BYTES);
	for (uint32_t i = 0; i < hosts.n; i++) {
		struct address address[HOSTS_MAX];
		const char *name = hosts.text + hosts.entry[i].name;
		unsigned n = hosts_find(&hosts, name, address, HOSTS_MAX), k = 0;

		while (k < n && !address_equal(&address[k], &hosts.entry[i].address))
			k++;
		/* one that ends with two dots loses another one when it is asked for */
		assert(k < n || name[strlen(name) - 1] == '.');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	check_resolv(text);
	check_hosts(text);
	free(text);
	return 0;
}
