/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The next hop: IPv4 packets to a gateway of our choice, past the routes. */
#include "doctor/hop.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define ETHERTYPE_IPV4 0x0800
#define IS_COMPLETE    0x2 /* ATF_COM, net/if_arp.h */
#define HOPS_MOST      64

uint16_t hop_sum(const uint8_t *bytes, size_t n)
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

bool hop_read_neighbour(const char *line, const char *interface, const struct address *gateway,
			uint8_t hardware[static 6])
{
	char ip[64], name[IF_NAMESIZE];
	unsigned flags, byte[6];
	struct address address;

	if (sscanf(line, "%63s %*s %x %x:%x:%x:%x:%x:%x %*s %15s", ip, &flags, &byte[0], &byte[1],
		   &byte[2], &byte[3], &byte[4], &byte[5], name) != 9 ||
	    !(flags & IS_COMPLETE) || !address_parse(ip, &address) ||
	    !address_ip_equal(&address, gateway) || strcmp(name, interface) != 0)
		return false;
	for (int i = 0; i < 6; i++)
		hardware[i] = (uint8_t)byte[i];
	return true;
}

static int find_neighbour(struct sockaddr_ll *out, const char *interface,
			  const struct address *gateway)
{
	FILE *file = fopen("/proc/net/arp", "re");
	char line[256];
	bool has_found = false;

	if (!file)
		return -errno;
	while (!has_found && fgets(line, sizeof(line), file))
		has_found = hop_read_neighbour(line, interface, gateway, out->sll_addr);
	fclose(file);
	return has_found ? 0 : -ENOENT;
}

int hop_open(struct hop *hop, const char *interface, const struct address *gateway)
{
	int error;

	*hop = (struct hop){
		.fd = -1,
		.gateway = {.sll_family = AF_PACKET,
			    .sll_protocol = htons(ETHERTYPE_IPV4),
			    .sll_ifindex = (int)if_nametoindex(interface),
			    .sll_halen = 6},
	};
	if (gateway->family != AF_INET)
		return -EAFNOSUPPORT;
	error = find_neighbour(&hop->gateway, interface, gateway);
	if (error)
		return error;
	hop->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return hop->fd < 0 ? -errno : 0;
}

void hop_close(struct hop *hop)
{
	if (hop->fd >= 0)
		close(hop->fd);
	hop->fd = -1;
}

/* RFC 791 */
void hop_send(const struct hop *hop, const struct address *from, const struct address *to,
	      uint8_t *icmp, size_t n)
{
	struct iphdr head = {
		.version = 4,
		.ihl = sizeof(head) / 4,
		.tot_len = htons((uint16_t)(sizeof(head) + n)),
		.frag_off = htons(IP_DF),
		.ttl = HOPS_MOST,
		.protocol = IPPROTO_ICMP,
	};
	uint8_t bytes[sizeof(head)];
	struct iovec pieces[2] = {{bytes, sizeof(bytes)}, {icmp, n}};
	struct sockaddr_ll gateway = hop->gateway;
	const struct msghdr message = {.msg_name = &gateway,
				       .msg_namelen = sizeof(gateway),
				       .msg_iov = pieces,
				       .msg_iovlen = 2};

	memcpy(&head.saddr, from->ip, sizeof(head.saddr));
	memcpy(&head.daddr, to->ip, sizeof(head.daddr));
	memcpy(bytes, &head, sizeof(head));
	head.check = hop_sum(bytes, sizeof(bytes));
	memcpy(bytes, &head, sizeof(head));
	sendmsg(hop->fd, &message, 0);
}
