/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Probing: does the far end of each path answer, by TCP and by ICMP, and how large may packets be?
 */
#include "doctor/probe.h"

#include "base/loop.h"
#include "kernel/socket.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/*
 * Theory of operation. All paths are probed at once. A connection that is refused has arrived; one
 * that is not answered may meet a firewall, or a dead link, which the echo tells apart: where that
 * is answered, packets get through. Echo requests of several sizes, which routers may not fragment,
 * tell how large packets may be; a host that answers none says nothing. Each is sent three times,
 * for one may be lost.
 */

#define LIMIT_MS    3000
#define AGAIN_MS    700
#define SIZES	    11
#define SMALL	    (SIZES - 1)
#define HEADERS4    28u /* of IPv4 and ICMP */
#define HEADERS6    48u
#define PACKET_MOST 9216u

struct probe {
	const struct patient_path *path;
	int tcp_fd, icmp_fd; /* -1: not to be had */
	int error;	     /* of the connection: 0 or -errno; -ETIMEDOUT so far */
	bool is_settled;
	uint32_t mtu;
	uint32_t size[SIZES]; /* of packets, the largest first: who answers few answers that */
	bool has_come[SIZES];
};

static uint32_t mtu_of(const char *interface)
{
	struct ifreq request = {0};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint32_t mtu = 0;

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	if (fd >= 0 && ioctl(fd, SIOCGIFMTU, &request) == 0 && request.ifr_mtu > 0)
		mtu = (uint32_t)request.ifr_mtu;
	if (fd >= 0)
		close(fd);
	return mtu < PACKET_MOST ? mtu : PACKET_MOST;
}

/* By this interface, whatever the routes of others say. */
static bool tie(int fd, const struct patient_path *path)
{
	struct sockaddr_storage ss;
	socklen_t length = address_to_sockaddr(&path->local, false, &ss);

	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, path->interface,
			  (socklen_t)strlen(path->interface)) == 0 &&
	       bind(fd, (struct sockaddr *)&ss, length) == 0;
}

static void begin_tcp(struct probe *probe, uint16_t port)
{
	struct address server = probe->path->server;
	struct sockaddr_storage ss;
	socklen_t length;

	server.port = port;
	length = address_to_sockaddr(&server, false, &ss);
	probe->error = -ETIMEDOUT;
	probe->tcp_fd = socket(server.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe->tcp_fd < 0 || !tie(probe->tcp_fd, probe->path) ||
	    (connect(probe->tcp_fd, (struct sockaddr *)&ss, length) < 0 && errno != EINPROGRESS)) {
		probe->error = -errno;
		probe->is_settled = true;
	}
}

static void begin_icmp(struct probe *probe)
{
	bool is_ipv6 = probe->path->server.family == AF_INET6;
	int how = IP_PMTUDISC_PROBE;

	probe->icmp_fd = socket(probe->path->server.family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
				is_ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (probe->icmp_fd < 0)
		return;
	if (is_ipv6)
		setsockopt(probe->icmp_fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &how, sizeof(how));
	else
		setsockopt(probe->icmp_fd, IPPROTO_IP, IP_MTU_DISCOVER, &how, sizeof(how));
	if (!tie(probe->icmp_fd, probe->path)) {
		close(probe->icmp_fd);
		probe->icmp_fd = -1;
	}
}

/* The MTU, those that links have that are tunnels or radio, and a small one. */
static void choose_sizes(struct probe *probe)
{
	static const uint32_t usual[SIZES - 2] = {1500, 1492, 1480, 1460, 1440,
						  1420, 1400, 1350, 1280};

	probe->mtu = mtu_of(probe->path->interface);
	probe->size[0] = probe->mtu;
	for (unsigned i = 1; i < SMALL; i++)
		probe->size[i] = usual[i - 1] < probe->mtu ? usual[i - 1] : probe->mtu;
	probe->size[SMALL] = 100;
}

static uint16_t sum_of(const uint8_t *bytes, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	if (n % 2)
		sum += (uint32_t)bytes[n - 1] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* RFC 792 and 4443: both have type, code, checksum, identifier and number in the same places. The
 * kernel fills in the checksum of ICMPv6. */
static void send_echo(struct probe *probe, unsigned which)
{
	static uint8_t packet[PACKET_MOST];
	bool is_ipv6 = probe->path->server.family == AF_INET6;
	size_t n = probe->size[which] - (is_ipv6 ? HEADERS6 : HEADERS4) + sizeof(struct icmphdr);
	struct icmphdr header = {
		.type = is_ipv6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.un.echo = {.id = htons((uint16_t)getpid()), .sequence = htons((uint16_t)which)},
	};
	struct sockaddr_storage ss;
	socklen_t length = address_to_sockaddr(&probe->path->server, false, &ss);

	memset(packet, 0, n);
	memcpy(packet, &header, sizeof(header));
	if (!is_ipv6) {
		header.checksum = sum_of(packet, n);
		memcpy(packet, &header, sizeof(header));
	}
	sendto(probe->icmp_fd, packet, n, 0, (struct sockaddr *)&ss, length);
}

static void send_echoes(struct probe *probe)
{
	for (unsigned i = 0; i < SIZES && probe->icmp_fd >= 0; i++)
		if (!probe->has_come[i])
			send_echo(probe, i);
}

static void read_echoes(struct probe *probe)
{
	static uint8_t packet[PACKET_MOST + 64];
	bool is_ipv6 = probe->path->server.family == AF_INET6;
	ssize_t n;

	while ((n = recv(probe->icmp_fd, packet, sizeof(packet), 0)) > 0) {
		/* a raw socket of IPv4 gives the IP header, too */
		size_t at = is_ipv6 ? 0 : (size_t)(packet[0] & 0xf) * 4;
		struct icmphdr header;

		if ((size_t)n < at + sizeof(header))
			continue;
		memcpy(&header, packet + at, sizeof(header));
		if (header.type == (is_ipv6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) &&
		    header.un.echo.id == htons((uint16_t)getpid()) &&
		    ntohs(header.un.echo.sequence) < SIZES)
			probe->has_come[ntohs(header.un.echo.sequence)] = true;
	}
}

static bool has_all(const struct probe *probe)
{
	for (unsigned i = 0; i < SIZES; i++)
		if (!probe->has_come[i])
			return false;
	return true;
}

/* A server that lets nobody in resets the connection, maybe before we look: it was there. */
static void take_result(struct probe *probe)
{
	int error = socket_connect_result(probe->tcp_fd);

	probe->error = error == -ECONNRESET ? 0 : error;
	probe->is_settled = true;
}

static void wait_for(struct probe *probes, unsigned n, int ms)
{
	struct pollfd tcp_and_icmp[PATIENT_PATHS_MAX][2];
	const nfds_t count = (nfds_t)n * 2;

	for (unsigned i = 0; i < n; i++) {
		const struct probe *probe = &probes[i];

		tcp_and_icmp[i][0] =
			(struct pollfd){probe->is_settled ? -1 : probe->tcp_fd, POLLOUT, 0};
		tcp_and_icmp[i][1] =
			(struct pollfd){has_all(probe) ? -1 : probe->icmp_fd, POLLIN, 0};
	}
	if (poll(&tcp_and_icmp[0][0], count, ms) <= 0)
		return;
	for (unsigned i = 0; i < n; i++) {
		if (tcp_and_icmp[i][0].revents)
			take_result(&probes[i]);
		if (tcp_and_icmp[i][1].revents)
			read_echoes(&probes[i]);
	}
}

static bool is_done(const struct probe *probes, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (!probes[i].is_settled || (probes[i].icmp_fd >= 0 && !has_all(&probes[i])))
			return false;
	return true;
}

static void run(struct probe *probes, unsigned n)
{
	uint64_t end_ms = clock_ms() + LIMIT_MS, again_ms = 0, now_ms;

	while ((now_ms = clock_ms()) < end_ms && !is_done(probes, n)) {
		if (now_ms >= again_ms) {
			for (unsigned i = 0; i < n; i++)
				send_echoes(&probes[i]);
			again_ms = now_ms + AGAIN_MS;
		}
		wait_for(probes, n, (int)(again_ms - now_ms) + 1);
	}
}

/* ---- what it means ---- */

static void judge_refused(const struct probe *probe, const struct patient *patient,
			  struct findings *findings)
{
	struct finding *finding = finding_add(findings, "refused", FINDING_ERROR);
	char name[PATIENT_NAME_BYTES];

	finding_say(finding->what, "%s: the server router is there, and nothing listens on port %u",
		    patient_path_name(probe->path, name), patient->port);
	finding_say(finding->remedy, "start mpbridge server there, with that port and on that "
				     "address");
	finding_say(finding->command, "ss -tln sport = :%u", patient->port);
}

static void judge_filtered(const struct probe *probe, const struct patient *patient,
			   struct findings *findings)
{
	struct finding *finding = finding_add(findings, "firewall", FINDING_ERROR);
	char name[PATIENT_NAME_BYTES], local[ADDRESS_TEXT_BYTES], server[ADDRESS_TEXT_BYTES];

	finding_say(finding->what,
		    "%s: pings are answered, and TCP to port %u is not: a firewall drops it",
		    patient_path_name(probe->path, name), patient->port);
	finding_say(finding->remedy,
		    "let TCP port %u in at the server router, by this link, too; and out here",
		    patient->port);
	finding_say(finding->command, "nc -zvw 3 -s %s %s %u",
		    address_format_ip(&probe->path->local, local),
		    address_format_ip(&probe->path->server, server), patient->port);
}

static void judge_unreachable(const struct probe *probe, struct findings *findings)
{
	struct finding *finding = finding_add(findings, "unreachable", FINDING_ERROR);
	char name[PATIENT_NAME_BYTES], ip[ADDRESS_TEXT_BYTES];

	finding_say(finding->what, "%s: the server router does not answer: %s",
		    patient_path_name(probe->path, name), strerror(-probe->error));
	finding_say(finding->remedy, "look at the link, and at the routes between");
	finding_say(finding->command, "ping -c 3 -I %s %s", probe->path->interface,
		    address_format_ip(&probe->path->server, ip));
}

static void judge_sizes(const struct probe *probe, struct findings *findings)
{
	struct finding *finding;
	char name[PATIENT_NAME_BYTES], ip[ADDRESS_TEXT_BYTES];
	uint32_t largest = 0;

	for (unsigned i = 0; i < SIZES; i++)
		if (probe->has_come[i] && probe->size[i] > largest)
			largest = probe->size[i];
	if (!probe->has_come[SMALL] || largest >= probe->mtu)
		return;
	finding = finding_add(findings, "mtu", FINDING_ERROR);
	finding_say(finding->what,
		    "%s: packets of %u bytes do not get through, which is the MTU of %s; of %u "
		    "they do",
		    patient_path_name(probe->path, name), probe->mtu, probe->path->interface,
		    largest);
	finding_say(finding->remedy,
		    "set the MTU of %s to what the link carries, at both ends: ip link set %s mtu "
		    "%u",
		    probe->path->interface, probe->path->interface, largest);
	finding_say(finding->command, "ping -M do -s %u -I %s %s",
		    probe->mtu - (probe->path->server.family == AF_INET6 ? HEADERS6 : HEADERS4),
		    probe->path->interface, address_format_ip(&probe->path->server, ip));
}

static void judge(const struct probe *probe, const struct patient *patient,
		  struct findings *findings)
{
	if (probe->error == -ECONNREFUSED)
		judge_refused(probe, patient, findings);
	else if (probe->error < 0 && probe->has_come[SMALL])
		judge_filtered(probe, patient, findings);
	else if (probe->error < 0)
		judge_unreachable(probe, findings);
	judge_sizes(probe, findings);
}

void probe_paths(const struct patient *patient, struct findings *findings)
{
	struct probe probes[PATIENT_PATHS_MAX];
	unsigned n = 0;

	for (unsigned i = 0; i < patient->n_paths; i++) {
		const struct patient_path *path = &patient->path[i];

		if (!path->server.family || !path->local.family ||
		    strcmp(path->state, "absent") == 0)
			continue;
		probes[n] = (struct probe){.path = path, .tcp_fd = -1, .icmp_fd = -1};
		choose_sizes(&probes[n]);
		begin_tcp(&probes[n], patient->port);
		begin_icmp(&probes[n]);
		n++;
	}
	run(probes, n);
	for (unsigned i = 0; i < n; i++) {
		judge(&probes[i], patient, findings);
		if (probes[i].tcp_fd >= 0)
			close(probes[i].tcp_fd);
		if (probes[i].icmp_fd >= 0)
			close(probes[i].icmp_fd);
	}
}
