/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The listening sockets: opened once, one set per worker, kept by the supervisor. */
#include "daemon/sockets.h"

#include "base/log.h"
#include "kernel/socket.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/*
 * Theory of operation. Each worker has its own socket for each address, all with SO_REUSEPORT, so
 * that none is woken for another's connection. The supervisor keeps them open: what waits in the
 * backlog of a worker that dies is served by the one that takes its place.
 *
 * SO_REUSEPORT would also let two mpbridges listen on one port, each robbing the other of half the
 * connections. So the port is first taken alone, which fails when anybody listens there, and let
 * go.
 */

struct listen_plan {
	enum socket_protocol protocol;
	bool is_transparent;
	unsigned count;
	struct sockets_address on[SOCKETS_PER_WORKER_MAX];
};

static bool has_unspecified(const struct conf_host *hosts, unsigned n, sa_family_t family)
{
	for (unsigned i = 0; i < n; i++)
		if (hosts[i].address.family == family && address_is_unspecified(&hosts[i].address))
			return true;
	return false;
}

/* Where the kernel has no IPv6, "::" beside "0.0.0.0" is left out: the default has both. */
static void plan_addresses(struct listen_plan *plan, const struct conf_host *hosts, unsigned n,
			   uint16_t port)
{
	bool has_any = has_unspecified(hosts, n, AF_INET);

	for (unsigned i = 0; i < n; i++) {
		struct address address = hosts[i].address;
		bool is_any6 = address.family == AF_INET6 && address_is_unspecified(&address);

		address.port = port;
		if (!is_any6 || !has_any || socket_has_ipv6())
			plan->on[plan->count++].address = address;
	}
}

/* On a server one socket serves both families, so that a connection can have subflows of both. */
static void join_families(struct listen_plan *plan)
{
	struct sockets_address *any4 = NULL, *any6 = NULL;

	for (unsigned i = 0; i < plan->count; i++) {
		struct sockets_address *on = &plan->on[i];

		if (!address_is_unspecified(&on->address))
			continue;
		if (on->address.family == AF_INET)
			any4 = on;
		else
			any6 = on;
	}
	if (!any4 || !any6)
		return;
	any6->is_dual_stack = true;
	*any4 = plan->on[--plan->count];
}

static void make_plan(struct listen_plan *plan, const struct conf *conf)
{
	if (conf->role == CONF_CLIENT) {
		/* one socket for each family: conntrack is asked in the connection's own */
		plan->protocol = SOCKET_TCP;
		plan->is_transparent = conf_is_transparent(conf);
		plan_addresses(plan, conf->local, conf->n_locals, conf->local_port);
	} else {
		plan->protocol = SOCKET_MPTCP;
		plan_addresses(plan, conf->server, conf->n_servers, conf->server_port);
		join_families(plan);
	}
}

static void log_listen_error(const struct address *address, int error)
{
	char text[ADDRESS_TEXT_BYTES];

	address_format(address, text);
	switch (-error) {
	case EADDRINUSE:
		log_error("cannot listen on %s: another program listens there; stop it or choose "
			  "another port (ss -tlnp shows it)",
			  text);
		break;
	case EADDRNOTAVAIL:
		log_error("cannot listen on %s: this machine has no such address (ip address shows "
			  "those it has)",
			  text);
		break;
	case EACCES:
		log_error(
			"cannot listen on %s: ports below 1024 are for root; run as root or choose "
			"another port",
			text);
		break;
	default:
		log_error("cannot listen on %s: %s", text, strerror(-error));
	}
}

static int listen_on(const struct listen_plan *plan, const struct sockets_address *on,
		     bool shares_port)
{
	return socket_listen(plan->protocol, &on->address, shares_port, on->is_dual_stack);
}

static int check_free(const struct listen_plan *plan)
{
	for (unsigned i = 0; i < plan->count; i++) {
		int fd = listen_on(plan, &plan->on[i], false);

		if (fd < 0) {
			log_listen_error(&plan->on[i].address, fd);
			return fd;
		}
		close(fd);
	}
	return 0;
}

static int make_transparent(const struct listen_plan *plan, int fd, sa_family_t family)
{
	int error = plan->is_transparent ? socket_set_transparent(fd, family) : 0;

	if (error < 0)
		log_error("may not take connections by TPROXY: %s; run as root or with "
			  "CAP_NET_ADMIN",
			  strerror(-error));
	return error;
}

static int open_set(struct sockets *sockets, const struct listen_plan *plan)
{
	int error = 0;

	for (unsigned i = 0; i < plan->count && error == 0; i++) {
		const struct address *address = &plan->on[i].address;
		int fd = listen_on(plan, &plan->on[i], true);

		if (fd < 0) {
			log_listen_error(address, fd);
			return fd;
		}
		sockets->fd[sockets->n_sets][i] = fd;
		error = make_transparent(plan, fd, address->family);
	}
	return error;
}

static int open_more(struct sockets *sockets, const struct listen_plan *plan, unsigned n_sets)
{
	int error = 0;

	while (error == 0 && sockets->n_sets < n_sets) {
		error = open_set(sockets, plan);
		sockets->n_sets++;
	}
	return error;
}

static void init(struct sockets *sockets, const struct listen_plan *plan)
{
	memset(sockets, 0, sizeof(*sockets));
	memset(sockets->fd, -1, sizeof(sockets->fd));
	sockets->n_addresses = plan->count;
	memcpy(sockets->on, plan->on, sizeof(sockets->on));
}

int sockets_open(struct sockets *sockets, const struct conf *conf, unsigned n_workers)
{
	struct listen_plan plan = {0};
	int error;

	make_plan(&plan, conf);
	init(sockets, &plan);
	error = check_free(&plan);
	if (error == 0)
		error = open_more(sockets, &plan, n_workers);
	if (error < 0)
		sockets_close(sockets);
	return error;
}

static bool listens_as(const struct sockets *sockets, const struct listen_plan *plan)
{
	if (sockets->n_addresses != plan->count)
		return false;
	for (unsigned i = 0; i < plan->count; i++)
		if (!address_equal(&sockets->on[i].address, &plan->on[i].address) ||
		    sockets->on[i].is_dual_stack != plan->on[i].is_dual_stack)
			return false;
	return true;
}

/* The kept ones, too: TPROXY may be new. */
static int make_all_transparent(const struct sockets *sockets, const struct listen_plan *plan)
{
	int error = 0;

	for (unsigned w = 0; w < sockets->n_sets && error == 0; w++)
		for (unsigned i = 0; i < plan->count && error == 0; i++)
			error = make_transparent(plan, sockets->fd[w][i],
						 plan->on[i].address.family);
	return error;
}

/* Where the port stays it is we who listen there. */
static int check_new(const struct sockets *was, const struct listen_plan *plan)
{
	uint16_t port_was = was->n_addresses > 0 ? was->on[0].address.port : 0;
	uint16_t port = plan->count > 0 ? plan->on[0].address.port : 0;

	return port == port_was ? 0 : check_free(plan);
}

int sockets_change(struct sockets *out, const struct sockets *was, const struct conf *conf,
		   unsigned n_workers)
{
	struct listen_plan plan = {0};
	int error;

	make_plan(&plan, conf);
	init(out, &plan);
	if (listens_as(was, &plan))
		*out = *was;
	error = check_new(was, &plan);
	if (error == 0)
		error = make_all_transparent(out, &plan);
	if (error == 0)
		error = open_more(out, &plan, n_workers);
	if (error < 0)
		sockets_close_but(out, was);
	return error;
}

static bool has(const struct sockets *sockets, int fd)
{
	for (unsigned w = 0; w < sockets->n_sets; w++)
		for (unsigned i = 0; i < sockets->n_addresses; i++)
			if (sockets->fd[w][i] == fd)
				return true;
	return false;
}

void sockets_close_but(struct sockets *sockets, const struct sockets *kept)
{
	for (unsigned w = 0; w < sockets->n_sets; w++) {
		for (unsigned i = 0; i < sockets->n_addresses; i++) {
			if (sockets->fd[w][i] >= 0 && !has(kept, sockets->fd[w][i]))
				close(sockets->fd[w][i]);
			sockets->fd[w][i] = -1;
		}
	}
	sockets->n_sets = 0;
}

void sockets_close(struct sockets *sockets)
{
	static const struct sockets none;

	sockets_close_but(sockets, &none);
}
