/* SPDX-License-Identifier: GPL-3.0-or-later */
/* As whom a server connects to destinations: as itself, or as the host that a flow is for. */
#include "relay/source.h"

#include "kernel/socket.h"
#include "relay/access.h"

#include <errno.h>
#include <unistd.h>

/*
 * Theory of operation. The host's own port is tried first: the host uses each pair of ends once, so
 * with its port this connection cannot be taken for another one that it has to the same
 * destination beside the bridge. Where that port cannot be had (below 1024, or a program of this
 * router has it) the kernel chooses one.
 *
 * To this router itself, and to another family, a flow goes with the router's own address: what
 * this router answers would leave for the host without coming by the rules that lead answers here
 * (firewall/), and a host has no address of the other family that anybody knows.
 */

/* As every client of another make. Once: there may be reasons for it. */
static void note_none(struct relay *relay)
{
	if (!conf_shows_hosts(relay->conf) ||
	    atomic_exchange(&relay->board->has_told_no_source, true))
		return;
	relay_notice(relay, NOTICE_SOURCE,
		     "a client does not tell the addresses of its hosts, and destinations see this "
		     "router's: it has no \"transparent_source\"");
}

bool source_take(struct flow *flow, const struct target *target)
{
	struct relay *relay = flow->relay;
	char host[ADDRESS_TEXT_BYTES], text[TARGET_TEXT_BYTES];
	const char *why;

	if (target->source.family == 0) {
		note_none(relay);
		return true;
	}
	if (!conf_shows_hosts(relay->conf)) {
		relay_notice(relay, NOTICE_SOURCE,
			     "a client tells the addresses of its hosts, and destinations see this "
			     "router's: set \"transparent_source\" here, too, or not there");
		return true;
	}
	why = access_refuses_source(relay->conf, relay_table(relay), &target->source);
	if (!why) {
		flow->source = target->source;
		return true;
	}
	relay_notice(relay, NOTICE_SOURCE, "refused a connection of the host %s to %s: %s",
		     address_format_ip(&target->source, host), target_format(target, text), why);
	return false;
}

bool source_is_shown(const struct flow *flow, const struct address *to)
{
	return flow->source.family == to->family &&
	       !board_is_own_address(relay_table(flow->relay), to);
}

static int connect_from(const struct address *host, const struct address *to)
{
	int fd = socket_open(SOCKET_TCP, to->family);
	int error;

	if (fd < 0)
		return fd;
	error = socket_connect_from(fd, host, to);
	if (error < 0) {
		close(fd);
		return error;
	}
	return fd;
}

static bool is_about_port(int error)
{
	return error == -EADDRINUSE || error == -EADDRNOTAVAIL || error == -EACCES;
}

int source_connect(const struct flow *flow, const struct address *to)
{
	struct address host = flow->source;
	int fd = connect_from(&host, to);

	if (is_about_port(fd)) {
		host.port = 0;
		fd = connect_from(&host, to);
	}
	return fd;
}

/* This router is no host behind it: its own connections are seen as they were. */
struct address source_to_tell(struct flow *flow)
{
	struct relay *relay = flow->relay;
	struct address host = {0};

	if (relay->conf->transparent_source)
		host = socket_remote_address(flow->side[LAN].watch.fd);
	if (board_is_own_address(relay_table(relay), &host))
		host = (struct address){0};
	return host;
}
