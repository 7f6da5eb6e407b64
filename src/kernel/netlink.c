/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Netlink requests that wait for their answer. */
#include "kernel/netlink.h"

#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

/* A dump's messages come in buffers of up to 32 KB (include/linux/netlink.h, NLMSG_GOODSIZE). */
#define ANSWER_BYTES 32768
#define SILENCE_S    5
#define KERNEL_PORT  0 /* other processes can send to our socket as well */

static void set_option(struct netlink *netlink, int option)
{
	int on = 1;

	/* Both came with 4.12; without them there is no explanation, and nothing else is lost. */
	setsockopt(netlink->fd, SOL_NETLINK, option, &on, sizeof(on));
}

int netlink_open(struct netlink *netlink, int bus)
{
	const struct sockaddr_nl name = {.nl_family = AF_NETLINK}; /* the kernel chooses a port */
	struct timeval silence = {.tv_sec = SILENCE_S};

	*netlink = (struct netlink){.fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, bus)};
	if (netlink->fd < 0)
		return -errno;
	netlink->is_open = true;
	if (bind(netlink->fd, (const struct sockaddr *)&name, sizeof(name)) < 0) {
		int error = -errno;

		netlink_close(netlink);
		return error;
	}
	set_option(netlink, NETLINK_CAP_ACK);
	set_option(netlink, NETLINK_EXT_ACK);
	setsockopt(netlink->fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof(silence));
	return 0;
}

void netlink_close(struct netlink *netlink)
{
	if (netlink->is_open)
		close(netlink->fd);
	netlink->is_open = false;
}

struct nlmsghdr *netlink_prepare(struct netlink_request *request, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message;

	memset(request, 0, sizeof(*request));
	message = (struct nlmsghdr *)request->bytes;
	message->nlmsg_len = NLMSG_HDRLEN;
	message->nlmsg_type = type;
	message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	return message;
}

static void explain(const struct nlmsghdr *message)
{
	const struct nlattr *table[NLMSGERR_ATTR_MAX + 1];
	size_t header_bytes = sizeof(struct nlmsgerr);
	const struct nlmsgerr *verdict = netlink_payload(message);

	if (!(message->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(message->nlmsg_flags & NLM_F_CAPPED))
		header_bytes += verdict->msg.nlmsg_len - sizeof(struct nlmsghdr);
	if (header_bytes > netlink_payload_bytes(message))
		return;
	netlink_attributes(message, header_bytes, table, NLMSGERR_ATTR_MAX);
	if (netlink_text(table[NLMSGERR_ATTR_MSG]))
		log_debug("the kernel says: %s", netlink_text(table[NLMSGERR_ATTR_MSG]));
}

static int verdict_of(const struct nlmsghdr *message)
{
	const struct nlmsgerr *verdict = netlink_payload(message);

	if (netlink_payload_bytes(message) < sizeof(*verdict))
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
		if (netlink_payload_bytes(message) >= sizeof(int))
			fail(exchange, *(const int *)netlink_payload(message));
	} else if (message->nlmsg_type >= NLMSG_MIN_TYPE && exchange->on_message &&
		   !exchange->error) {
		fail(exchange, exchange->on_message(message, exchange->context));
	}
}

bool netlink_has_message(const struct nlmsghdr *message, int left)
{
	return left >= (int)sizeof(*message) && message->nlmsg_len >= sizeof(*message) &&
	       message->nlmsg_len <= (uint32_t)left;
}

const struct nlmsghdr *netlink_next(const struct nlmsghdr *message, int *left)
{
	/* below 0 behind the last one, where its padding is left out */
	*left -= (int)NLMSG_ALIGN(message->nlmsg_len);
	return (const void *)((const char *)message + NLMSG_ALIGN(message->nlmsg_len));
}

const void *netlink_payload(const struct nlmsghdr *message)
{
	return (const char *)message + NLMSG_HDRLEN;
}

size_t netlink_payload_bytes(const struct nlmsghdr *message)
{
	return message->nlmsg_len - NLMSG_HDRLEN;
}

void netlink_take(struct netlink_exchange *exchange, const void *answer, size_t bytes)
{
	const struct nlmsghdr *message = answer;
	int left = (int)bytes;

	for (; netlink_has_message(message, left) && !exchange->is_over;
	     message = netlink_next(message, &left))
		take_message(exchange, message);
}

static int receive(struct netlink *netlink, struct netlink_exchange *exchange)
{
	_Alignas(NLMSG_ALIGNTO) char buffer[ANSWER_BYTES];
	struct sockaddr_nl from = {0};
	struct iovec data = {.iov_base = buffer, .iov_len = sizeof(buffer)};
	struct msghdr head = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &data, .msg_iovlen = 1};
	ssize_t received = recvmsg(netlink->fd, &head, 0);

	if (received < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	if (head.msg_flags & MSG_TRUNC)
		return -ENOSPC;
	if (from.nl_pid == KERNEL_PORT)
		netlink_take(exchange, buffer, (size_t)received);
	return 0;
}

static int run(struct netlink *netlink, struct nlmsghdr *message, struct netlink_exchange *exchange)
{
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK, .nl_pid = KERNEL_PORT};

	message->nlmsg_seq = exchange->sequence = ++netlink->sequence;
	if (sendto(netlink->fd, message, message->nlmsg_len, 0, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0)
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
	return netlink_payload_bytes(message) < bytes ? NULL : netlink_payload(message);
}

static bool is_whole(const struct nlattr *attribute, ptrdiff_t left)
{
	return left >= (ptrdiff_t)sizeof(*attribute) && attribute->nla_len >= sizeof(*attribute) &&
	       attribute->nla_len <= left;
}

const void *netlink_value(const struct nlattr *attribute)
{
	return (const char *)attribute + NLA_HDRLEN;
}

uint16_t netlink_value_bytes(const struct nlattr *attribute)
{
	return (uint16_t)(attribute->nla_len - NLA_HDRLEN);
}

void netlink_payload_attributes(const void *payload, size_t bytes, const struct nlattr **table,
				uint16_t max)
{
	const char *end = (const char *)payload + bytes;
	const struct nlattr *attribute = payload;

	for (unsigned type = 0; type <= max; type++)
		table[type] = NULL;
	while (is_whole(attribute, end - (const char *)attribute)) {
		uint16_t type = attribute->nla_type & NLA_TYPE_MASK;

		if (type <= max)
			table[type] = attribute;
		attribute = (const void *)((const char *)attribute + NLA_ALIGN(attribute->nla_len));
	}
}

void netlink_attributes(const struct nlmsghdr *message, size_t header_bytes,
			const struct nlattr **table, uint16_t max)
{
	size_t offset = NLMSG_ALIGN(header_bytes);
	size_t bytes = netlink_payload_bytes(message);

	netlink_payload_attributes((const char *)netlink_payload(message) + offset,
				   bytes > offset ? bytes - offset : 0, table, max);
}

void netlink_nested_attributes(const struct nlattr *nest, const struct nlattr **table, uint16_t max)
{
	netlink_payload_attributes(netlink_value(nest), netlink_value_bytes(nest), table, max);
}

uint32_t netlink_u32(const struct nlattr *attribute, uint32_t otherwise)
{
	uint32_t value = otherwise;

	if (attribute && netlink_value_bytes(attribute) == sizeof(value))
		memcpy(&value, netlink_value(attribute), sizeof(value));
	return value;
}

uint16_t netlink_u16(const struct nlattr *attribute, uint16_t otherwise)
{
	uint16_t value = otherwise;

	if (attribute && netlink_value_bytes(attribute) == sizeof(value))
		memcpy(&value, netlink_value(attribute), sizeof(value));
	return value;
}

uint8_t netlink_u8(const struct nlattr *attribute, uint8_t otherwise)
{
	uint8_t value = otherwise;

	if (attribute && netlink_value_bytes(attribute) == sizeof(value))
		memcpy(&value, netlink_value(attribute), sizeof(value));
	return value;
}

const char *netlink_text(const struct nlattr *attribute)
{
	const char *text = attribute ? netlink_value(attribute) : NULL;

	return text && memchr(text, '\0', netlink_value_bytes(attribute)) ? text : NULL;
}

struct address netlink_address(const struct nlattr *attribute, sa_family_t family)
{
	struct address address = {.family = family};

	if (!attribute || netlink_value_bytes(attribute) != address_ip_bytes(&address))
		return (struct address){0};
	memcpy(address.ip, netlink_value(attribute), address_ip_bytes(&address));
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

void *netlink_extend(struct nlmsghdr *message, size_t bytes)
{
	void *end = (char *)message + message->nlmsg_len;

	assert(message->nlmsg_len + bytes + NLMSG_ALIGNTO <= NETLINK_REQUEST_BYTES);
	message->nlmsg_len += (uint32_t)NLMSG_ALIGN(bytes);
	return end;
}

void netlink_put(struct nlmsghdr *message, uint16_t type, size_t bytes, const void *value)
{
	struct nlattr *attribute = netlink_extend(message, NLA_HDRLEN + bytes);

	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(NLA_HDRLEN + bytes);
	memcpy((char *)attribute + NLA_HDRLEN, value, bytes);
}

void netlink_put_u8(struct nlmsghdr *message, uint16_t type, uint8_t value)
{
	netlink_put(message, type, sizeof(value), &value);
}

void netlink_put_u16(struct nlmsghdr *message, uint16_t type, uint16_t value)
{
	netlink_put(message, type, sizeof(value), &value);
}

void netlink_put_u32(struct nlmsghdr *message, uint16_t type, uint32_t value)
{
	netlink_put(message, type, sizeof(value), &value);
}

void netlink_put_text(struct nlmsghdr *message, uint16_t type, const char *text)
{
	netlink_put(message, type, strlen(text) + 1, text);
}

struct nlattr *netlink_begin_nest(struct nlmsghdr *message, uint16_t type)
{
	struct nlattr *nest = netlink_extend(message, NLA_HDRLEN);

	nest->nla_type = NLA_F_NESTED | type;
	return nest;
}

void netlink_end_nest(struct nlmsghdr *message, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)((char *)message + message->nlmsg_len - (char *)nest);
}

void netlink_put_address(struct nlmsghdr *message, uint16_t type, const struct address *address)
{
	netlink_put(message, type, address_ip_bytes(address), address->ip);
}
