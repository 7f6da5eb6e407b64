/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A knock: one connection to the server over one path, with one greeting. */
#ifndef MPBRIDGE_KNOCK_H
#define MPBRIDGE_KNOCK_H

#include "base/address.h"
#include "base/loop.h"
#include "shadowsocks/codec.h"
#include "shadowsocks/greeting.h"

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

enum knock_state { KNOCK_IDLE, KNOCK_CONNECTING, KNOCK_ENDING };

/* From where and where to. */
struct knock_way {
	char interface[IF_NAMESIZE]; /* it leaves by this one, whatever the routes say */
	struct address local;	     /* without a port */
	struct address server;	     /* with its port */
};

struct knock {
	enum knock_state state;
	struct loop *loop;
	const struct codec *codec;
	struct watch watch;
	struct timer deadline;
	uint64_t started_ms;
	struct knock_way way;
	enum greeting_kind kind;
	struct address about;
	uint8_t salt[CODEC_SALT_MAX]; /* of what was said, where it was sealed */
	void *owner;		      /* the caller's */
	/* It is established: packets go both ways. rtt_us is the kernel's measure of the handshake.
	 * The greeting has not been said yet: its kind may still be changed. */
	void (*on_established)(struct knock *knock, uint32_t rtt_us);
	/*
	 * It is over, and KNOCK_IDLE again. error is 0, or why as -errno; -ECONNRESET after it was
	 * established means that the server does not want us, and -ETIMEDOUT that it took the
	 * greeting and neither answered it nor ended. answer.instance is 0 if there was none.
	 */
	void (*on_end)(struct knock *knock, bool was_established, int error,
		       struct greeting_answer answer);
};

/* Of an idle knock, whose two handlers are then set. Greetings are sealed by the codec. */
void knock_init(struct knock *knock, struct loop *loop, const struct codec *codec);

/*
 * Connects and says it; both handlers may be called before this returns. `about` is for
 * GREETING_LOST, and may be NULL otherwise. It gives up (-ETIMEDOUT) after deadline_ms.
 */
void knock_start(struct knock *knock, const struct knock_way *way, enum greeting_kind kind,
		 const struct address *about, uint32_t deadline_ms);

/* Ends it without calling anybody. Harmless on an idle one. */
void knock_stop(struct knock *knock);

#endif
