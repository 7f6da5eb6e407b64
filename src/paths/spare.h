/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spares: server: whose links may be used only for what others leave of them. Pure. */
#ifndef MPBRIDGE_SPARE_H
#define MPBRIDGE_SPARE_H

#include "base/address.h"
#include "shadowsocks/greeting.h"

#include <stdbool.h>
#include <stdint.h>

#define SPARES_MAX 32

/* A way to a client that has told that it is `secondary`. */
struct spare {
	struct address local, remote; /* without ports */
	uint64_t until_ms;	      /* our scavenger leaves it to others until then */
	uint64_t greeted_ms;
};

/* Starts as zeroes. */
struct spares {
	unsigned n;
	struct spare item[SPARES_MAX];
};

/* A client has greeted from `remote` by our address `local`. Whether the set has changed. Of too
 * many, the one that has been silent for longest goes. */
bool spares_greeted(struct spares *spares, enum greeting_kind kind, const struct address *local,
		    const struct address *remote, uint64_t now_ms);

/* Our scavenger leaves it to others until then, and a client hears of it although it asks only now
 * and then. Whether there is such a way. */
bool spares_yield(struct spares *spares, const struct address *local, const struct address *remote,
		  uint64_t until_ms);

/* NULL: there is none. */
const struct spare *spares_find(const struct spares *spares, const struct address *local,
				const struct address *remote);

#endif
