/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Diagnosis: why a configured path cannot be used, in words. */
#include "paths/diagnosis.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

static void append(char *text, size_t size, const char *separator, const char *more)
{
	size_t length = strlen(text);

	snprintf(text + length, size - length, "%s%s", separator, more);
}

static void list_interfaces(const struct snapshot *snapshot, char *text, size_t size)
{
	const char *separator = "";

	for (size_t i = 0; i < snapshot->links.n; i++) {
		append(text, size, separator, snapshot->links.item[i].name);
		separator = ", ";
	}
}

static void list_addresses(const struct snapshot *snapshot, uint32_t ifindex, char *text,
			   size_t size)
{
	const char *separator = "";
	char ip[ADDRESS_TEXT_BYTES];

	for (size_t i = 0; i < snapshot->addresses.n; i++) {
		if (snapshot->addresses.item[i].ifindex != ifindex)
			continue;
		append(text, size, separator,
		       address_format_ip(&snapshot->addresses.item[i].local, ip));
		separator = ", ";
	}
	if (*separator == '\0')
		append(text, size, "", "none");
}

int diagnosis_check(const struct conf *conf, const struct snapshot *snapshot,
		    char reason[static DIAGNOSIS_BYTES])
{
	char ip[ADDRESS_TEXT_BYTES];

	for (unsigned i = 0; i < conf->n_paths; i++) {
		const struct conf_path *path = &conf->path[i];
		const struct rt_link *link = snapshot_link_named(snapshot, path->interface);

		if (!link) {
			snprintf(reason, DIAGNOSIS_BYTES,
				 "paths[%u].interface: there is no interface \"%s\"; present: ", i,
				 path->interface);
			list_interfaces(snapshot, reason, DIAGNOSIS_BYTES);
			return -ENODEV;
		}
		if (path->address.family &&
		    !snapshot_address(snapshot, link->ifindex, &path->address)) {
			snprintf(reason, DIAGNOSIS_BYTES,
				 "paths[%u].address: %s is not an address of %s; present: ", i,
				 address_format_ip(&path->address, ip), path->interface);
			list_addresses(snapshot, link->ifindex, reason, DIAGNOSIS_BYTES);
			return -EADDRNOTAVAIL;
		}
	}
	return 0;
}

static bool has_family(const struct conf *conf, const struct snapshot *snapshot, uint32_t ifindex)
{
	for (size_t i = 0; i < snapshot->addresses.n; i++) {
		const struct rt_address *address = &snapshot->addresses.item[i];

		for (unsigned s = 0; s < conf->n_servers && address->ifindex == ifindex; s++)
			if (address->local.family == conf->server[s].address.family &&
			    address->scope < RT_SCOPE_LINK)
				return true;
	}
	return false;
}

enum health_reason diagnosis_reason(const struct conf *conf, const struct snapshot *snapshot,
				    const char *interface)
{
	const struct rt_link *link = snapshot_link_named(snapshot, interface);

	if (!link)
		return HEALTH_NO_INTERFACE;
	if (!link->is_up)
		return HEALTH_NO_CARRIER;
	return has_family(conf, snapshot, link->ifindex) ? HEALTH_NO_ROUTE : HEALTH_NO_ADDRESS;
}

const char *diagnosis_excuse(const struct conf *conf, const struct snapshot *snapshot,
			     const char *interface)
{
	enum health_reason reason = diagnosis_reason(conf, snapshot, interface);

	if (reason == HEALTH_NO_INTERFACE)
		return "the interface is not there";
	if (reason == HEALTH_NO_CARRIER)
		return "the link is down";
	if (reason == HEALTH_NO_ADDRESS)
		return "the interface has no address of the server's family";
	if (conf->role == CONF_SERVER)
		return "no listener accepts connections to its address";
	return "no route leads over it to the server (a \"gateway\" for the path would make one)";
}
