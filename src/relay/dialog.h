/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A dialog: the ciphers of one flow, a request and the response to it. */
#ifndef MPBRIDGE_DIALOG_H
#define MPBRIDGE_DIALOG_H

#include "shadowsocks/header.h"
#include "shadowsocks/opener.h"
#include "shadowsocks/sealer.h"

struct dialog_part;

struct dialog {
	struct sealer sealer;	  /* of lane[LAN] */
	struct opener opener;	  /* of lane[WAN] */
	struct dialog_part *part; /* server: of a header that came in several chunks, or NULL */
};

/* A server's header (2017) as far as it has come. */
struct dialog_part {
	size_t n;
	uint8_t bytes[HEADER_BYTES_MAX];
};

/* A client's, whose request is made by its sealer. NULL when there is no memory. */
struct dialog *dialog_new(const struct codec *codec);

/* A server's, which begins with the opener of an authentic request. */
struct dialog *dialog_answer(const struct opener *opener);

/* Wipes its keys. NULL is allowed. */
void dialog_free(struct dialog *dialog);

#endif
