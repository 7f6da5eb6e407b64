/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probing: does the far end of each path answer, by TCP and by ICMP, and how large may packets be?
 */
#include "doctor/probe.h"

#include "base/loop.h"
#include "doctor/ping.h"
#include "doctor/verdict.h"
#include "kernel/socket.h"
#include "paths/way.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/*
 * Theory of operation. All paths are probed at once, first by TCP. A connection that is refused has
 * arrived; one that is not answered may meet a firewall, or a dead link, which the echo tells
 * apart: where that is answered, packets get through. A connection that is there tells how large
 * its packets will be, which is what the large echo requests are to be.
 *
 * A path with a "gateway" that the main table does not know is led there by rules of the daemon,
 * which match TCP to the server's port alone. Its echo requests would look for the server on the
 * link itself; so there the gateway is pinged, and then the server in frames that are sent to the
 * gateway (hop.c). While no daemon runs nothing leads there.
 */

#define LIMIT_MS 3000

struct probe {
	struct verdict verdict; /* its path is NULL: this one is not probed */
	struct ping ping, gateway;
	int fd;
	bool is_settled;
};

/* ---- by TCP ---- */

static void begin(struct probe *probe, uint16_t port)
{
	const struct patient_path *path = probe->verdict.path;
	struct address server = path->server;
	struct sockaddr_storage ss;
	socklen_t length;

	server.port = port;
	length = address_to_sockaddr(&server, false, &ss);
	probe->verdict.error = -ETIMEDOUT;
	probe->fd = socket(server.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe->fd < 0 || !ping_tie(probe->fd, path->interface, &path->local) ||
	    (connect(probe->fd, (struct sockaddr *)&ss, length) < 0 && errno != EINPROGRESS)) {
		probe->verdict.error = -errno;
		probe->is_settled = true;
	}
}

/* The IP packet that this connection sends when it has much to send. */
static uint32_t full_packet(int fd, sa_family_t family)
{
	struct tcp_info info = {0};
	socklen_t length = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) < 0 || info.tcpi_snd_mss == 0)
		return 0;
	return info.tcpi_snd_mss + (family == AF_INET6 ? 40 : 20) +
	       (uint32_t)sizeof(struct tcphdr) + (info.tcpi_options & TCPI_OPT_TIMESTAMPS ? 12 : 0);
}

/* A server that lets nobody in resets the connection, maybe before we look: it was there. */
static void settle(struct probe *probe)
{
	int error = socket_connect_result(probe->fd);

	probe->is_settled = true;
	probe->verdict.error = error == -ECONNRESET ? 0 : error;
	if (!error)
		probe->verdict.full_bytes =
			full_packet(probe->fd, probe->verdict.path->server.family);
}

static bool are_settled(const struct probe *probes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!probes[i].is_settled)
			return false;
	return true;
}

static void connect_all(struct probe *probes, unsigned n)
{
	uint64_t end_ms = clock_ms() + LIMIT_MS, now_ms;

	while ((now_ms = clock_ms()) < end_ms && !are_settled(probes, n)) {
		struct pollfd pending[PATIENT_PATHS_MAX];

		for (unsigned i = 0; i < n; i++)
			pending[i] = (struct pollfd){probes[i].is_settled ? -1 : probes[i].fd,
						     POLLOUT, 0};
		if (poll(pending, n, (int)(end_ms - now_ms)) <= 0)
			continue;
		for (unsigned i = 0; i < n; i++)
			if (pending[i].revents)
				settle(&probes[i]);
	}
	for (unsigned i = 0; i < n; i++)
		if (probes[i].fd >= 0)
			close(probes[i].fd);
}

/* ---- by ICMP ---- */

/* Those with a gateway of their own, or the others. */
static void ping_servers(struct probe *probes, unsigned n, bool with_gateway)
{
	struct ping *pings[PATIENT_PATHS_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		struct probe *probe = &probes[i];
		const struct patient_path *path = probe->verdict.path;

		if ((probe->verdict.gateway.family != 0) != with_gateway)
			continue;
		ping_init(&probe->ping, path->interface, &path->local, &path->server,
			  probe->verdict.full_bytes);
		probe->ping.by = probe->verdict.gateway;
		pings[count++] = &probe->ping;
	}
	ping_all(pings, count);
}

/* What comes of it also brings the gateways among the kernel's neighbours. */
static void ping_gateways(struct probe *probes, unsigned n)
{
	struct ping *pings[PATIENT_PATHS_MAX];
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		struct probe *probe = &probes[i];
		const struct patient_path *path = probe->verdict.path;

		if (!probe->verdict.gateway.family)
			continue;
		ping_init(&probe->gateway, path->interface, &path->local, &probe->verdict.gateway,
			  0);
		pings[count++] = &probe->gateway;
	}
	ping_all(pings, count);
}

static void ping_around(struct probe *probes, unsigned n)
{
	ping_servers(probes, n, false);
	ping_gateways(probes, n);
	ping_servers(probes, n, true);
	for (unsigned i = 0; i < n; i++) {
		struct verdict *verdict = &probes[i].verdict;

		verdict->is_pinged = probes[i].ping.is_sent;
		verdict->is_answered = ping_is_answered(&probes[i].ping);
		verdict->largest_bytes = ping_largest(&probes[i].ping);
		verdict->is_told = probes[i].ping.is_told;
		verdict->told_bytes = probes[i].ping.told_bytes;
		verdict->has_gateway_answered = ping_is_answered(&probes[i].gateway);
	}
}

/* ---- all of it ---- */

/* The configured gateway, unless the main table leads by it as well. */
static struct address own_gateway(const struct patient *patient, const struct snapshot *snapshot,
				  const struct patient_path *path)
{
	const struct rt_link *link = snapshot_link_named(snapshot, path->interface);
	const struct address gateway = patient_gateway(patient, path);
	const struct path plain = {.ifindex = link ? link->ifindex : 0};
	const struct way way = way_find(snapshot, &plain, &path->server);

	if (way.rank > 0 && address_ip_equal(&way.route->gateway, &gateway))
		return (struct address){0};
	return gateway;
}

static unsigned choose(const struct patient *patient, const struct snapshot *snapshot,
		       struct probe *probes, struct findings *findings)
{
	unsigned n = 0;

	for (unsigned i = 0; i < patient->n_paths; i++) {
		const struct patient_path *path = &patient->path[i];
		struct verdict verdict = {.path = path, .port = patient->conf.server_port};

		if (!path->server.family || !path->local.family || patient_path_is_absent(path))
			continue;
		verdict.gateway = own_gateway(patient, snapshot, path);
		if (verdict.gateway.family && !patient->pid)
			verdict_say_unknown(&verdict, findings);
		else
			probes[n++] = (struct probe){.verdict = verdict, .fd = -1};
	}
	return n;
}

void probe_paths(const struct patient *patient, const struct snapshot *snapshot,
		 struct findings *findings)
{
	struct probe probes[PATIENT_PATHS_MAX];
	unsigned n = choose(patient, snapshot, probes, findings);

	for (unsigned i = 0; i < n; i++)
		begin(&probes[i], patient->conf.server_port);
	connect_all(probes, n);
	ping_around(probes, n);
	for (unsigned i = 0; i < n; i++)
		verdict_judge(&probes[i].verdict, findings);
}
