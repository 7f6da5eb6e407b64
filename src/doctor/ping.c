/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pings of several sizes, which nobody may cut into pieces. */
#include "doctor/ping.h"

#include "base/loop.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/*
 * Theory of operation. A raw socket for each address, tied to its interface. IP_PMTUDISC_PROBE sets
 * "don't fragment" and ignores what the kernel has learned of the way, so a packet that is too
 * large shows what becomes of it: an answer, an ICMP error, of which TCP learns and sends smaller
 * ones, or silence, of which connections die. Each is sent three times, for one may be lost. The
 * sequence number is the place in the list of sizes.
 */

#define ROUNDS	   3
#define ROUND_MS   700
#define PINGS_MOST 64
#define READS_MOST 64 /* at one time: errors of others come there, too */

#define HEADERS4    28u /* of IPv4 and ICMP */
#define HEADERS6    48u
#define PACKET_MOST 65535u

static uint8_t packet[PACKET_MOST + 1];

static bool is_ipv6(const struct ping *ping)
{
	return ping->to.family == AF_INET6;
}

void ping_init(struct ping *ping, const char *interface, const struct address *local,
	       const struct address *to, uint32_t full_bytes)
{
	static const uint32_t usual[] = {1500, 1492, 1480, 1460, 1440, 1420, 1400, 1350, 1280};

	*ping = (struct ping){.local = *local, .to = *to, .fd = -1, .hop.fd = -1};
	snprintf(ping->interface, sizeof(ping->interface), "%s", interface);
	if (full_bytes > PING_SMALL_BYTES)
		ping->size[ping->n_sizes++] = full_bytes < PACKET_MOST ? full_bytes : PACKET_MOST;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (usual[i] < full_bytes)
			ping->size[ping->n_sizes++] = usual[i];
	ping->size[ping->n_sizes++] = PING_SMALL_BYTES;
}

bool ping_is_answered(const struct ping *ping)
{
	return ping->n_sizes > 0 && ping->has_come[ping->n_sizes - 1];
}

uint32_t ping_largest(const struct ping *ping)
{
	for (unsigned i = 0; i < ping->n_sizes; i++)
		if (ping->has_come[i])
			return ping->size[i];
	return 0;
}

bool ping_tie(int fd, const char *interface, const struct address *local)
{
	struct sockaddr_storage ss;
	socklen_t length = address_to_sockaddr(local, false, &ss);

	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
			  (socklen_t)strlen(interface)) == 0 &&
	       bind(fd, (struct sockaddr *)&ss, length) == 0;
}

static void set_options(int fd, bool is_v6)
{
	const int on = 1, how4 = IP_PMTUDISC_PROBE, how6 = IPV6_PMTUDISC_PROBE;

	if (is_v6) {
		setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &how6, sizeof(how6));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
	} else {
		setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &how4, sizeof(how4));
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	}
}

static void close_sockets(struct ping *ping)
{
	if (ping->fd >= 0)
		close(ping->fd);
	ping->fd = -1;
	hop_close(&ping->hop);
}

static void open_sockets(struct ping *ping)
{
	ping->fd = socket(ping->to.family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  is_ipv6(ping) ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	if (ping->fd < 0)
		return;
	set_options(ping->fd, is_ipv6(ping));
	ping->is_sent = ping_tie(ping->fd, ping->interface, &ping->local) &&
			(!ping->by.family || hop_open(&ping->hop, ping->interface, &ping->by) == 0);
	if (!ping->is_sent)
		close_sockets(ping);
}

/* ---- out ---- */

/* RFC 792 and 4443: both have type, code, checksum, identifier and number in the same places. The
 * kernel fills in the checksum of ICMPv6. */
static void send_echo(const struct ping *ping, unsigned which)
{
	size_t n =
		ping->size[which] - (is_ipv6(ping) ? HEADERS6 : HEADERS4) + sizeof(struct icmphdr);
	struct icmphdr header = {
		.type = is_ipv6(ping) ? ICMP6_ECHO_REQUEST : ICMP_ECHO,
		.un.echo = {.id = htons((uint16_t)getpid()), .sequence = htons((uint16_t)which)},
	};
	struct sockaddr_storage ss;
	socklen_t length = address_to_sockaddr(&ping->to, false, &ss);

	memset(packet, 0, n);
	memcpy(packet, &header, sizeof(header));
	if (!is_ipv6(ping)) {
		header.checksum = hop_sum(packet, n);
		memcpy(packet, &header, sizeof(header));
	}
	if (ping->by.family)
		hop_send(&ping->hop, &ping->local, &ping->to, packet, n);
	else
		sendto(ping->fd, packet, n, 0, (struct sockaddr *)&ss, length);
}

static void send_echoes(const struct ping *ping)
{
	for (unsigned i = 0; i < ping->n_sizes && ping->fd >= 0; i++)
		if (!ping->has_come[i])
			send_echo(ping, i);
}

/* ---- in ---- */

static void read_answers(struct ping *ping)
{
	for (unsigned reads = 0; reads < READS_MOST; reads++) {
		ssize_t n = recv(ping->fd, packet, sizeof(packet), 0);
		/* a raw socket of IPv4 gives the IP header, too */
		size_t at = is_ipv6(ping) ? 0 : (size_t)(packet[0] & 0xf) * 4;
		struct icmphdr header;

		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0 || (size_t)n < at + sizeof(header))
			continue;
		memcpy(&header, packet + at, sizeof(header));
		if (header.type == (is_ipv6(ping) ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY) &&
		    header.un.echo.id == htons((uint16_t)getpid()) &&
		    ntohs(header.un.echo.sequence) < ping->n_sizes)
			ping->has_come[ntohs(header.un.echo.sequence)] = true;
	}
}

/* ICMP type 3 code 4, ICMPv6 type 2, or the kernel itself: all are EMSGSIZE here. */
static void take_error(struct ping *ping, struct msghdr *message)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
	     part = CMSG_NXTHDR(message, part)) {
		struct sock_extended_err error;

		if (part->cmsg_len < CMSG_LEN(sizeof(error)) ||
		    !((part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_RECVERR) ||
		      (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_RECVERR)))
			continue;
		memcpy(&error, CMSG_DATA(part), sizeof(error));
		if (error.ee_errno != EMSGSIZE)
			continue;
		ping->is_told = true;
		if (ping->told_bytes == 0 || error.ee_info < ping->told_bytes)
			ping->told_bytes = error.ee_info;
	}
}

static void read_errors(struct ping *ping)
{
	for (unsigned reads = 0; reads < READS_MOST; reads++) {
		union {
			char bytes[512];
			struct cmsghdr aligned;
		} control;
		char payload[64];
		struct iovec piece = {payload, sizeof(payload)};
		struct msghdr message = {.msg_iov = &piece,
					 .msg_iovlen = 1,
					 .msg_control = &control,
					 .msg_controllen = sizeof(control)};

		if (recvmsg(ping->fd, &message, MSG_ERRQUEUE) < 0)
			return;
		take_error(ping, &message);
	}
}

static bool has_all(const struct ping *ping)
{
	for (unsigned i = 0; i < ping->n_sizes; i++)
		if (!ping->has_come[i])
			return false;
	return true;
}

static bool is_done(struct ping *const *pings, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (pings[i]->fd >= 0 && !has_all(pings[i]))
			return false;
	return true;
}

static void listen_for(struct ping *const *pings, unsigned n, uint64_t end_ms)
{
	struct pollfd poll_for[PINGS_MOST];
	uint64_t now_ms;

	while ((now_ms = clock_ms()) < end_ms && !is_done(pings, n)) {
		for (unsigned i = 0; i < n; i++)
			poll_for[i] = (struct pollfd){pings[i]->fd, POLLIN, 0};
		if (poll(poll_for, n, (int)(end_ms - now_ms)) <= 0)
			continue;
		for (unsigned i = 0; i < n; i++) {
			if (!poll_for[i].revents)
				continue;
			read_errors(pings[i]);
			read_answers(pings[i]);
		}
	}
}

void ping_all(struct ping *const *pings, unsigned n)
{
	n = n < PINGS_MOST ? n : PINGS_MOST;
	for (unsigned i = 0; i < n; i++)
		open_sockets(pings[i]);
	for (unsigned round = 0; round < ROUNDS && !is_done(pings, n); round++) {
		for (unsigned i = 0; i < n; i++)
			send_echoes(pings[i]);
		listen_for(pings, n, clock_ms() + ROUND_MS);
	}
	for (unsigned i = 0; i < n; i++)
		close_sockets(pings[i]);
}
