/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as the kernel's answer over netlink: nothing outside is read, and results keep to it.
 */
#include "kernel/inet_diag.h"
#include "kernel/metrics.h"
#include "kernel/mptcp_pm.h"
#include "kernel/nftables.h"
#include "kernel/rtnetlink.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool wants_any(uint32_t table)
{
	return table != 0xdead;
}

static void take(netlink_on_message *on_message, void *context, const uint8_t *bytes, size_t n)
{
	struct netlink_exchange exchange = {.on_message = on_message, .context = context};

	netlink_take(&exchange, bytes, n);
}

static void assert_address(const struct address *address)
{
	assert(address->family == 0 || address->family == AF_INET || address->family == AF_INET6);
}

static void assert_network(const struct network *network)
{
	assert_address(&network->base);
	assert(network->prefix_len <= 8 * address_ip_bytes(&network->base));
	assert(network_contains(network, &network->base) || network->base.family == 0);
}

static void check_links(const uint8_t *bytes, size_t n)
{
	struct rt_links links = {0};
	struct rt_addresses addresses = {0};

	take(rtnetlink_on_link, &links, bytes, n);
	for (size_t i = 0; i < links.n; i++)
		assert(memchr(links.item[i].name, '\0', sizeof(links.item[i].name)));
	take(rtnetlink_on_address, &addresses, bytes, n);
	for (size_t i = 0; i < addresses.n; i++) {
		assert_address(&addresses.item[i].local);
		assert_network(&addresses.item[i].subnet);
	}
	array_free(&links);
	array_free(&addresses);
}

static void check_routes(const uint8_t *bytes, size_t n)
{
	struct rt_routes routes = {0};
	struct rt_route_dump dump = {&routes, wants_any};
	struct rt_rules rules = {0};

	take(rtnetlink_on_route, &dump, bytes, n);
	for (size_t i = 0; i < routes.n; i++) {
		assert_network(&routes.item[i].to);
		assert_address(&routes.item[i].gateway);
		assert(routes.item[i].metrics_bytes <= RT_METRICS_BYTES);
		metrics_set_congestion(&routes.item[i], "a name of 15 ch");
		assert(routes.item[i].metrics_bytes <= RT_METRICS_BYTES);
	}
	take(rtnetlink_on_rule, &rules, bytes, n);
	for (size_t i = 0; i < rules.n; i++) {
		assert_network(&rules.item[i].from);
		assert_network(&rules.item[i].to);
	}
	array_free(&routes);
	array_free(&rules);
}

static void check_mptcp(const uint8_t *bytes, size_t n)
{
	struct inet_diag_subflows subflows = {0};
	struct mptcp_endpoints endpoints = {0};
	struct mptcp_limits limits;
	uint16_t family;

	take(inet_diag_on_socket, &subflows, bytes, n);
	for (size_t i = 0; i < subflows.n; i++) {
		assert_address(&subflows.item[i].local);
		assert_address(&subflows.item[i].remote);
		assert(memchr(subflows.item[i].congestion_control, '\0', INET_DIAG_CC_BYTES));
	}
	take(mptcp_pm_on_endpoint, &endpoints, bytes, n);
	for (size_t i = 0; i < endpoints.n; i++)
		assert_address(&endpoints.item[i].address);
	take(mptcp_pm_on_limits, &limits, bytes, n);
	take(mptcp_pm_on_family, &family, bytes, n);
	array_free(&subflows);
	array_free(&endpoints);
}

static void check_nftables(const uint8_t *bytes, size_t n)
{
	struct nftables_watch watch = {.table = "mpbridge"};

	nftables_take(&watch, bytes, n);
	assert(memchr(watch.program, '\0', sizeof(watch.program)));
	assert(watch.has_changed || (watch.pid == 0 && !watch.program[0]));
}

/* Each parser is shown all: it has to know what is not for it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size ? size : 1); /* aligned, and ASan watches its end */

	assert(bytes);
	memcpy(bytes, data, size);
	check_links(bytes, size);
	check_routes(bytes, size);
	check_mptcp(bytes, size);
	check_nftables(bytes, size);
	free(bytes);
	return 0;
}
