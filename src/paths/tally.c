/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tally: bytes that subflows were seen to carry, by local address and far router. */
#include "paths/tally.h"

#include <stdlib.h>

static int by_cookie(const void *one, const void *other)
{
	const struct tally_mark *a = one, *b = other;

	return (a->cookie > b->cookie) - (a->cookie < b->cookie);
}

const struct tally_address *tally_of(const struct tally *tally, const struct address *local,
				     uint8_t router)
{
	for (unsigned i = 0; i < tally->n; i++)
		if (address_ip_equal(&tally->address[i].local, local) &&
		    tally->address[i].router == router)
			return &tally->address[i];
	return NULL;
}

/* The last place takes all addresses that find none: nobody has so many. */
static struct tally_address *place_of(struct tally *tally, const struct address *local,
				      uint8_t router)
{
	const struct tally_address *found = tally_of(tally, local, router);

	if (found)
		return &tally->address[found - tally->address];
	if (tally->n < TALLY_ADDRESSES_MAX)
		tally->address[tally->n++] =
			(struct tally_address){.local = *local, .router = router};
	return &tally->address[tally->n - 1];
}

static uint64_t grown(uint64_t now, uint64_t before)
{
	return now > before ? now - before : 0;
}

static void add(struct tally *tally, const struct inet_diag_subflow *subflow, uint8_t router)
{
	const struct tally_mark key = {.cookie = subflow->cookie};
	const struct tally_mark none = {0};
	const struct tally_mark *before = NULL;
	struct tally_address *place = place_of(tally, &subflow->local, router);

	if (tally->marks.n > 0)
		before = bsearch(&key, tally->marks.item, tally->marks.n, sizeof(key), by_cookie);
	if (!before)
		before = &none;
	place->acked += grown(subflow->bytes_acked, before->acked);
	place->received += grown(subflow->bytes_received, before->received);
}

static void remember(struct tally *tally, const struct inet_diag_subflows *subflows)
{
	tally->marks.n = 0;
	for (size_t i = 0; i < subflows->n; i++) {
		const struct inet_diag_subflow *subflow = &subflows->item[i];
		struct tally_mark *mark = array_append(&tally->marks);

		if (!mark) {
			array_free(&tally->marks);
			return;
		}
		*mark = (struct tally_mark){subflow->cookie, subflow->bytes_acked,
					    subflow->bytes_received};
	}
	if (tally->marks.n > 0)
		qsort(tally->marks.item, tally->marks.n, sizeof(*tally->marks.item), by_cookie);
}

void tally_look(struct tally *tally, const struct conf *conf,
		const struct inet_diag_subflows *subflows)
{
	for (size_t i = 0; i < subflows->n; i++)
		add(tally, &subflows->item[i], conf_router_of(conf, &subflows->item[i].remote));
	remember(tally, subflows);
}

void tally_exit(struct tally *tally)
{
	array_free(&tally->marks);
}
