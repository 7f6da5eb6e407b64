/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict: what follows from probing a path. */
#include "doctor/verdict.h"

#include <errno.h>
#include <string.h>

static void say_refused(const struct verdict *verdict, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "refused", FINDING_ERROR);
	char name[PATIENT_NAME_BYTES];

	finding_say(finding->what, "%s: the server router is there, and nothing listens on port %u",
		    patient_path_name(verdict->path, name), verdict->port);
	finding_say(finding->remedy, "start mpbridge server there, with that port and on that "
				     "address");
	finding_say(finding->command, "mpbridge status server (on the server router)");
}

static void say_filtered(const struct verdict *verdict, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "firewall", FINDING_ERROR);
	char name[PATIENT_NAME_BYTES];

	finding_say(finding->what,
		    "%s: pings are answered, and TCP to port %u is not: a firewall drops it",
		    patient_path_name(verdict->path, name), verdict->port);
	finding_say(finding->remedy,
		    "let TCP port %u in at the server router, by this link, too; and out here",
		    verdict->port);
	finding_say(finding->command, "nft list ruleset (on both routers)");
}

static void say_unreachable(const struct verdict *verdict, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "unreachable", FINDING_ERROR);
	char name[PATIENT_NAME_BYTES], ip[ADDRESS_TEXT_BYTES];

	finding_say(finding->what, "%s: the server router does not answer%s: %s",
		    patient_path_name(verdict->path, name),
		    verdict->is_pinged ? "" : ", and without root it cannot be pinged",
		    strerror(-verdict->error));
	finding_say(finding->remedy, "look at the link, and at the routes between");
	finding_say(finding->command, "ping -c 3 -I %s %s", verdict->path->interface,
		    address_format_ip(&verdict->path->server, ip));
}

/* Of a path with a gateway of its own, whose server does not answer pings either. */
static void say_silent(const struct verdict *verdict, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "silent", FINDING_ERROR);
	char name[PATIENT_NAME_BYTES], ip[ADDRESS_TEXT_BYTES];

	address_format_ip(&verdict->gateway, ip);
	finding_say(
		finding->what, "%s: TCP to port %u is not answered (%s); the gateway %s %s",
		patient_path_name(verdict->path, name), verdict->port, strerror(-verdict->error),
		ip,
		verdict->has_gateway_answered
			? "answers pings, and the server does not: the way ends behind there, or a "
			  "firewall drops both"
			: "does not answer pings either");
	finding_say(finding->remedy, "%s",
		    verdict->has_gateway_answered
			    ? "let the port in at the server router; look at the routes behind "
			      "the gateway"
			    : "look at the link, and at \"gateway\" under \"paths\"");
	finding_say(finding->command, "ping -c 3 -I %s %s", verdict->path->interface, ip);
}

static void say_too_large(const struct verdict *verdict, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "mtu", FINDING_ERROR);
	const char *interface = verdict->path->interface;
	unsigned headers = verdict->path->server.family == AF_INET6 ? 48 : 28;
	char name[PATIENT_NAME_BYTES], ip[ADDRESS_TEXT_BYTES];

	finding_say(finding->what,
		    "%s: packets of %u bytes, as TCP sends them there, get lost without a word; of "
		    "%u they arrive",
		    patient_path_name(verdict->path, name), verdict->full_bytes,
		    verdict->largest_bytes);
	finding_say(finding->remedy,
		    "set the MTU of %s to what the link carries, at both ends: ip link set %s mtu "
		    "%u; or let ICMP through on the way",
		    interface, interface, verdict->largest_bytes);
	finding_say(finding->command, "ping -c 3 -s %u -I %s %s", verdict->full_bytes - headers,
		    interface, address_format_ip(&verdict->path->server, ip));
}

/* A router says so, and TCP hears it: it costs a packet now and then. */
static void say_smaller(const struct verdict *verdict, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "mtu", FINDING_NOTE);
	uint32_t bytes = verdict->told_bytes ? verdict->told_bytes : verdict->largest_bytes;
	const char *interface = verdict->path->interface;
	char name[PATIENT_NAME_BYTES], ip[ADDRESS_TEXT_BYTES];

	finding_say(finding->what,
		    "%s: packets of %u bytes are too large for the way; a router there says so, "
		    "and TCP then sends some of %u",
		    patient_path_name(verdict->path, name), verdict->full_bytes, bytes);
	finding_say(finding->remedy, "none is needed; an MTU of %u at %s saves the question", bytes,
		    interface);
	finding_say(finding->command, "ip route get %s oif %s",
		    address_format_ip(&verdict->path->server, ip), interface);
}

static void judge_sizes(const struct verdict *verdict, struct findings *findings)
{
	if (!verdict->is_answered || verdict->full_bytes == 0 ||
	    verdict->largest_bytes >= verdict->full_bytes)
		return;
	if (verdict->is_told)
		say_smaller(verdict, findings);
	else
		say_too_large(verdict, findings);
}

void verdict_judge(const struct verdict *verdict, struct findings *findings)
{
	if (verdict->error == -ECONNREFUSED)
		say_refused(verdict, findings);
	else if (verdict->error < 0 && verdict->is_answered)
		say_filtered(verdict, findings);
	else if (verdict->error < 0 && verdict->gateway.family)
		say_silent(verdict, findings);
	else if (verdict->error < 0)
		say_unreachable(verdict, findings);
	judge_sizes(verdict, findings);
}

void verdict_say_unknown(const struct verdict *verdict, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "not-probed", FINDING_NOTE);
	char name[PATIENT_NAME_BYTES], ip[ADDRESS_TEXT_BYTES];

	address_format_ip(&verdict->gateway, ip);
	finding_say(finding->what,
		    "%s: whether the server answers there cannot be told yet: the daemon itself "
		    "makes the way by %s when it runs",
		    patient_path_name(verdict->path, name), ip);
	finding_say(finding->remedy, "start it, and run mpbridge doctor again");
	finding_say(finding->command, "ping -c 3 -I %s %s", verdict->path->interface, ip);
}
