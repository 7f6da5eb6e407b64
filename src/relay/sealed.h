/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state HEADER of a flow on the server, with a cipher: is it authentic, new, and whole? */
#ifndef MPBRIDGE_SEALED_H
#define MPBRIDGE_SEALED_H

#include "relay/flow.h"
#include "shadowsocks/target.h"

#include <stddef.h>

/*
 * Goes on with what has come. True when the header is whole: *target says where to, and lane[WAN]
 * goes on with the payload behind it. Otherwise the flow waits for more, is REFUSED, or has ended.
 */
bool sealed_read(struct flow *flow, struct target *target);

/* The state REFUSED: something came, or a turn is over. */
void sealed_step_refused(struct flow *flow);

/* Server: lane[LAN] seals what it reads; with auth-only it begins with a header. 0 or -errno. */
int sealed_respond(struct flow *flow);

#define SEALED_ANSWER_MAX (SEALER_FRONT_MAX + CODEC_SALT_MAX + 64 + SEALER_BACK)

/*
 * Seals the answer to a greeting (greeting.h), n (1 to 64) bytes; with 2017 behind the salt of the
 * greeting. Its length in `out`, or -errno.
 */
ssize_t sealed_answer(struct flow *flow, const uint8_t *bytes, size_t n,
		      uint8_t out[static SEALED_ANSWER_MAX]);

#endif
