/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Netlink requests that wait for their answer. */
#include "kernel/netlink.h"

#include "base/log.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/time.h>

/* A dump's messages come in buffers of up to 32 KB (include/linux/netlink.h, NLMSG_GOODSIZE). */
#define ANSWER_BYTES 32768
#define SILENCE_S    5

static void set_option(struct netlink *netlink, int option)
{
	int on = 1;

	/* Both came with 4.12; without them there is no explanation, and nothing else is lost. */
	mnl_socket_setsockopt(netlink->socket, option, &on, sizeof(on));
}

int netlink_open(struct netlink *netlink, int bus)
{
	struct timeval silence = {.tv_sec = SILENCE_S};
	int fd;

	netlink->sequence = 0;
	netlink->socket = mnl_socket_open2(bus, SOCK_CLOEXEC);
	if (!netlink->socket)
		return -errno;
	if (mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		int error = -errno;

		netlink_close(netlink);
		return error;
	}
	set_option(netlink, NETLINK_CAP_ACK);
	set_option(netlink, NETLINK_EXT_ACK);
	fd = mnl_socket_get_fd(netlink->socket);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
	return 0;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink->socket)
		mnl_socket_close(netlink->socket);
	netlink->socket = NULL;
}

struct nlmsghdr *netlink_prepare(struct netlink_request *request, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message;

	memset(request, 0, sizeof(*request));
	message = mnl_nlmsg_put_header(request->bytes);
	message->nlmsg_type = type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	return message;
}

static void explain(const struct nlmsghdr *message)
{
	const struct nlattr *table[NLMSGERR_ATTR_MAX + 1];
	size_t header_bytes = sizeof(struct nlmsgerr);
	const struct nlmsgerr *verdict = mnl_nlmsg_get_payload(message);

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		header_bytes += verdict->msg.nlmsg_len - sizeof(struct nlmsghdr);
	if (header_bytes > mnl_nlmsg_get_payload_len(message))
		return;
	netlink_attributes(message, header_bytes, table, NLMSGERR_ATTR_MAX);
	if (netlink_text(table[NLMSGERR_ATTR_MSG]))
		log_debug("the kernel says: %s", netlink_text(table[NLMSGERR_ATTR_MSG]));
}

static int verdict_of(const struct nlmsghdr *message)
{
	const struct nlmsgerr *verdict = mnl_nlmsg_get_payload(message);

	if (mnl_nlmsg_get_payload_len(message) < sizeof(*verdict))
		return -EBADMSG;
	if (verdict->error)
		explain(message);
	return verdict->error;
}

static void fail(struct netlink_exchange *exchange, int error)
{
	if (!exchange->error)
		exchange->error = error;
}

static void take_message(struct netlink_exchange *exchange, const struct nlmsghdr *message)
{
	if (message->nlmsg_seq != exchange->sequence)
		return;
	if (message->nlmsg_flags & NLM_F_DUMP_INTR)
		exchange->is_torn = true;
	if (message->nlmsg_type == NLMSG_ERROR) {
		exchange->is_over = true;
		fail(exchange, verdict_of(message));
	} else if (message->nlmsg_type == NLMSG_DONE) {
		exchange->is_over = true;
		if (mnl_nlmsg_get_payload_len(message) >= sizeof(int))
			fail(exchange, *(const int *)mnl_nlmsg_get_payload(message));
	} else if (message->nlmsg_type >= NLMSG_MIN_TYPE && exchange->on_message &&
		   !exchange->error) {
		fail(exchange, exchange->on_message(message, exchange->context));
	}
}

bool netlink_has_message(const struct nlmsghdr *message, int left)
{
	return mnl_nlmsg_ok(message, left) && message->nlmsg_len <= (uint32_t)left;
}

void netlink_take(struct netlink_exchange *exchange, const void *answer, size_t bytes)
{
	const struct nlmsghdr *message = answer;
	int left = (int)bytes;

	for (; netlink_has_message(message, left) && !exchange->is_over;
	     message = mnl_nlmsg_next(message, &left))
		take_message(exchange, message);
}

static int receive(struct netlink *netlink, struct netlink_exchange *exchange)
{
	_Alignas(NLMSG_ALIGNTO) char buffer[ANSWER_BYTES];
	ssize_t received = mnl_socket_recvfrom(netlink->socket, buffer, sizeof(buffer));

	if (received < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	netlink_take(exchange, buffer, (size_t)received);
	return 0;
}

static int run(struct netlink *netlink, struct nlmsghdr *message, struct netlink_exchange *exchange)
{
	message->nlmsg_seq = exchange->sequence = ++netlink->sequence;
	if (mnl_socket_sendto(netlink->socket, message, message->nlmsg_len) < 0)
		return -errno;
	while (!exchange->is_over) {
		int error = receive(netlink, exchange);

		if (error && error != -EINTR)
			return error;
	}
	return exchange->error;
}

int netlink_ask(struct netlink *netlink, struct nlmsghdr *message, netlink_on_message *on_message,
		void *context)
{
	struct netlink_exchange exchange = {.on_message = on_message, .context = context};

	message->nlmsg_flags |= NLM_F_ACK;
	return run(netlink, message, &exchange);
}

int netlink_dump(struct netlink *netlink, struct nlmsghdr *message, netlink_on_message *on_message,
		 void *context)
{
	struct netlink_exchange exchange = {.on_message = on_message, .context = context};
	int error;

	message->nlmsg_flags |= NLM_F_DUMP;
	error = run(netlink, message, &exchange);
	if (error)
		return error;
	return exchange.is_torn ? -EAGAIN : 0;
}

const void *netlink_header(const struct nlmsghdr *message, size_t bytes)
{
	return mnl_nlmsg_get_payload_len(message) < bytes ? NULL : mnl_nlmsg_get_payload(message);
}

void netlink_payload_attributes(const void *payload, size_t bytes, const struct nlattr **table,
				uint16_t max)
{
	const char *end = (const char *)payload + bytes;
	const struct nlattr *attribute = payload;

	for (unsigned type = 0; type <= max; type++)
		table[type] = NULL;
	while (mnl_attr_ok(attribute, (int)(end - (const char *)attribute))) {
		if (mnl_attr_get_type(attribute) <= max)
			table[mnl_attr_get_type(attribute)] = attribute;
		attribute = mnl_attr_next(attribute);
	}
}

void netlink_attributes(const struct nlmsghdr *message, size_t header_bytes,
			const struct nlattr **table, uint16_t max)
{
	size_t offset = NLMSG_ALIGN(header_bytes);
	size_t bytes = mnl_nlmsg_get_payload_len(message);

	netlink_payload_attributes(mnl_nlmsg_get_payload_offset(message, header_bytes),
				   bytes > offset ? bytes - offset : 0, table, max);
}

void netlink_nested_attributes(const struct nlattr *nest, const struct nlattr **table, uint16_t max)
{
	netlink_payload_attributes(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest),
				   table, max);
}

uint32_t netlink_u32(const struct nlattr *attribute, uint32_t otherwise)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) != sizeof(uint32_t))
		return otherwise;
	return mnl_attr_get_u32(attribute);
}

uint16_t netlink_u16(const struct nlattr *attribute, uint16_t otherwise)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) != sizeof(uint16_t))
		return otherwise;
	return mnl_attr_get_u16(attribute);
}

uint8_t netlink_u8(const struct nlattr *attribute, uint8_t otherwise)
{
	if (!attribute || mnl_attr_get_payload_len(attribute) != sizeof(uint8_t))
		return otherwise;
	return mnl_attr_get_u8(attribute);
}

const char *netlink_text(const struct nlattr *attribute)
{
	const char *text = attribute ? mnl_attr_get_payload(attribute) : NULL;

	return text && memchr(text, '\0', mnl_attr_get_payload_len(attribute)) ? text : NULL;
}

struct address netlink_address(const struct nlattr *attribute, sa_family_t family)
{
	struct address address = {.family = family};

	if (!attribute || mnl_attr_get_payload_len(attribute) != address_ip_bytes(&address))
		return (struct address){0};
	memcpy(address.ip, mnl_attr_get_payload(attribute), address_ip_bytes(&address));
	return address;
}

bool netlink_network(const struct nlattr *attribute, sa_family_t family, uint8_t bits,
		     struct network *out)
{
	struct network network = {.base = netlink_address(attribute, family), .prefix_len = bits};

	network.base.family = family;
	if ((family != AF_INET && family != AF_INET6) || bits > 8 * address_ip_bytes(&network.base))
		return false;
	*out = network;
	return true;
}

void netlink_put_address(struct nlmsghdr *message, uint16_t type, const struct address *address)
{
	mnl_attr_put(message, type, address_ip_bytes(address), address->ip);
}
