/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The master key, from what a draft says of "password" and "key". */
#ifndef MPBRIDGE_CREDENTIAL_H
#define MPBRIDGE_CREDENTIAL_H

#include "conf/draft.h"

/* Which of the two a row of type OPTION_SECRET is. */
enum draft_secret_kind credential_kind(const struct conf_option *option);

/*
 * Sets draft->conf.key, if the method needs one and everything about it is right; otherwise adds
 * every mistake. A draft without a method has had its message. Calls crypto_init() if a key is to
 * be read.
 */
void credential_check(struct draft *draft);

/* Wipes a key of struct conf and gives its memory back. NULL is allowed. */
void credential_free(uint8_t *key);

#endif
