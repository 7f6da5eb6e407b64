/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spares: server: whose links may be used only for what others leave of them. Pure. */
#ifndef MPBRIDGE_SPARE_H
#define MPBRIDGE_SPARE_H

#include "base/address.h"
#include "shadowsocks/greeting.h"

#include <stdbool.h>
#include <stdint.h>

#define SPARES_MAX	32
#define SPARES_NET_MAX	(SPARES_MAX / 4) /* of one address, or of one /64 of IPv6 */
#define SPARES_USES_MAX 8		 /* addresses of ours: BOARD_PATHS_MAX */

/* A way to a client that has told that it is `secondary`. */
struct spare {
	struct address local, remote; /* without ports */
	uint64_t left_ms;	      /* when our scavenger last began to leave it to others */
	uint64_t until_ms;	      /* and until when it does */
	uint64_t greeted_ms;	      /* when that was last told, or at least asked after us */
	uint64_t used_ms;	      /* when the contrary was last told; 0: never */
};

/* An address of ours by which a client uses a way that is not secondary. */
struct spares_use {
	struct address local;
	uint64_t told_ms; /* when that was last told; 0: this is free */
};

/* Starts as zeroes. */
struct spares {
	unsigned n;	  /* the first ones are secondary */
	unsigned n_known; /* those behind them were, until the contrary was told */
	struct spare item[SPARES_MAX];
	struct spares_use use[SPARES_USES_MAX];
};

/*
 * A client has greeted from `remote` by our address `local`. Whether the set has changed: it does
 * for one way at most three times within 12 s. A way for which there is no room is not among them;
 * its next greeting may find some.
 */
bool spares_greeted(struct spares *spares, enum greeting_kind kind, const struct address *local,
		    const struct address *remote, uint64_t now_ms);

/* Takes over those that the program before has known, as if they had just greeted. Of `from` only
 * their addresses matter. */
void spares_continue(struct spares *spares, const struct spares *from, uint64_t now_ms);

/* Our scavenger leaves it to others until then, and a client hears of it although it asks only now
 * and then. Whether there is such a way. */
bool spares_yield(struct spares *spares, const struct address *local, const struct address *remote,
		  uint64_t now_ms, uint64_t until_ms);

/*
 * Until when our address is not to be sent from, since all ways there have just been left to
 * others; 0: it may be, for a client says that it uses its way, or has taken care of that itself by
 * now.
 */
uint64_t spares_aside_ms(const struct spares *spares, const struct address *local, uint64_t now_ms);

/* NULL: there is none. */
const struct spare *spares_find(const struct spares *spares, const struct address *local,
				const struct address *remote);

/* Nobody has greeted by it for so long that it may be gone. */
bool spare_is_silent(const struct spare *spare, uint64_t now_ms);

#endif
