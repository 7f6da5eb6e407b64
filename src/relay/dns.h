/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages to and from name servers (RFC 1035 section 4): the addresses of a name. Pure. */
#ifndef MPBRIDGE_DNS_H
#define MPBRIDGE_DNS_H

#include "base/address.h"

#include <stddef.h>
#include <stdint.h>

/* Header, the longest name, type and class. */
#define DNS_QUESTION_BYTES (12 + 255 + 4)

struct dns_question {
	uint16_t bytes; /* 0: the name cannot be asked for */
	uint8_t message[DNS_QUESTION_BYTES];
};

enum dns_answer {
	DNS_OTHER,     /* no answer to this question: it may still come */
	DNS_CUT,       /* there is more of it than a datagram holds: TCP has it */
	DNS_FAILED,    /* this server cannot tell */
	DNS_NO_NAME,   /* there is no such name */
	DNS_ADDRESSES, /* these, perhaps none */
};

/* Asks a server that does the searching for the addresses of `name`, absolute, in one family. */
struct dns_question dns_ask(const char *name, sa_family_t family, uint16_t id);

/*
 * Reads what came from a server that was asked this. The question has to be repeated in it, in
 * whatever case. With DNS_ADDRESSES up to `max` addresses are in out[0..*n]: those behind aliases
 * too, since the server has followed them; what follows a record that is wrong is left out.
 */
enum dns_answer dns_read(const uint8_t *message, size_t bytes, const struct dns_question *question,
			 struct address *out, unsigned max, unsigned *n);

#endif
