/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Netlink requests that wait for their answer. */
#ifndef MPBRIDGE_NETLINK_H
#define MPBRIDGE_NETLINK_H

#include "base/address.h"

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for any request that this program makes. */
#define NETLINK_REQUEST_BYTES 1024

struct netlink {
	bool is_open; /* all zero: not open */
	int fd;
	uint32_t sequence;
};

/* A request under construction: header first, attributes behind it. */
struct netlink_request {
	_Alignas(NLMSG_ALIGNTO) char bytes[NETLINK_REQUEST_BYTES];
};

/* Called for each message of a dump. 0 to go on, or -errno, which netlink_dump() then returns. */
typedef int netlink_on_message(const struct nlmsghdr *message, void *context);

/* What an exchange with the kernel has come to. */
struct netlink_exchange {
	uint32_t sequence;
	netlink_on_message *on_message; /* NULL: answers are dropped */
	void *context;
	bool is_over;
	bool is_torn; /* the dump's object changed while it was read */
	int error;    /* the first one */
};

/* Whether a whole message is at the start of what is left of an answer. */
bool netlink_has_message(const struct nlmsghdr *message, int left);

/* The message behind one that is whole; `left` becomes what is left of the answer then. */
const struct nlmsghdr *netlink_next(const struct nlmsghdr *message, int *left);

/* What is behind the header that each message has, and how much. */
const void *netlink_payload(const struct nlmsghdr *message);
size_t netlink_payload_bytes(const struct nlmsghdr *message);

/*
 * Takes the messages in the `bytes` that came in one read, and are at an address aligned to
 * NLMSG_ALIGNTO. Pure but for the log; netlink_ask() and netlink_dump() are made of it.
 */
void netlink_take(struct netlink_exchange *exchange, const void *answer, size_t bytes);

/* Opens a socket on `bus` (NETLINK_ROUTE, NETLINK_GENERIC). 0 or -errno. */
int netlink_open(struct netlink *netlink, int bus);

/* Harmless on one that is not open. */
void netlink_close(struct netlink *netlink);

/* Starts a request of this type (a message type of the bus) with these NLM_F_ flags. */
struct nlmsghdr *netlink_prepare(struct netlink_request *request, uint16_t type, uint16_t flags);

/*
 * Sends the request and waits for the kernel's verdict: 0 or -errno; its explanation, if it gave
 * one, goes to the log at debug level. -ETIMEDOUT after five seconds of silence. Answers that come
 * before the verdict go to `on_message` (NULL: dropped).
 */
int netlink_ask(struct netlink *netlink, struct nlmsghdr *message, netlink_on_message *on_message,
		void *context);

/*
 * Sends the request as a dump and hands each message to `on_message`. 0 or -errno; -EAGAIN: what
 * was dumped changed meanwhile, so the caller has to throw away what it has and ask again.
 */
int netlink_dump(struct netlink *netlink, struct nlmsghdr *message, netlink_on_message *on_message,
		 void *context);

/* The fixed header of `bytes` in front of a message's attributes; NULL when it is cut short. */
const void *netlink_header(const struct nlmsghdr *message, size_t bytes);

/*
 * Sorts the attributes behind a header of `header_bytes` into table[0..max], by type; types that
 * are not there are NULL, and unknown ones are left out.
 */
void netlink_attributes(const struct nlmsghdr *message, size_t header_bytes,
			const struct nlattr **table, uint16_t max);

/* The same for the attributes inside `nest`. */
void netlink_nested_attributes(const struct nlattr *nest, const struct nlattr **table,
			       uint16_t max);

/* The same for attributes in `bytes` at `payload`, which is aligned to NLMSG_ALIGNTO. */
void netlink_payload_attributes(const void *payload, size_t bytes, const struct nlattr **table,
				uint16_t max);

/* What an attribute holds, and how much. */
const void *netlink_value(const struct nlattr *attribute);
uint16_t netlink_value_bytes(const struct nlattr *attribute);

/* The number in `attribute`; `otherwise` when it is NULL or not of that size. */
uint32_t netlink_u32(const struct nlattr *attribute, uint32_t otherwise);
uint16_t netlink_u16(const struct nlattr *attribute, uint16_t otherwise);
uint8_t netlink_u8(const struct nlattr *attribute, uint8_t otherwise);

/* The text in `attribute`; NULL when it is NULL or does not end in it. */
const char *netlink_text(const struct nlattr *attribute);

/* The IP in `attribute`; the zero address when it is NULL or not as long as the family's are. */
struct address netlink_address(const struct nlattr *attribute, sa_family_t family);

/*
 * The network of `attribute` (NULL: all zeros) and a length in bits. False when that is more than
 * an address of the family has, or when it is no family of IP.
 */
bool netlink_network(const struct nlattr *attribute, sa_family_t family, uint8_t bits,
		     struct network *out);

/*
 * These add to the end of a request: room for the fixed header of its type, zeroed; an attribute.
 * What does not fit into NETLINK_REQUEST_BYTES is a mistake of ours.
 */
void *netlink_extend(struct nlmsghdr *message, size_t bytes);
void netlink_put(struct nlmsghdr *message, uint16_t type, size_t bytes, const void *value);
void netlink_put_u8(struct nlmsghdr *message, uint16_t type, uint8_t value);
void netlink_put_u16(struct nlmsghdr *message, uint16_t type, uint16_t value);
void netlink_put_u32(struct nlmsghdr *message, uint16_t type, uint32_t value);
void netlink_put_text(struct nlmsghdr *message, uint16_t type, const char *text);

/* What is added between these two is inside the attribute. */
struct nlattr *netlink_begin_nest(struct nlmsghdr *message, uint16_t type);
void netlink_end_nest(struct nlmsghdr *message, struct nlattr *nest);

/* Adds the IP of `address`, which has a family, in network byte order. */
void netlink_put_address(struct nlmsghdr *message, uint16_t type, const struct address *address);

#endif
