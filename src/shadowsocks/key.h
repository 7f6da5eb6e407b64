/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys as people write them: a password, or base64. */
#ifndef MPBRIDGE_KEY_H
#define MPBRIDGE_KEY_H

#include "shadowsocks/method.h"

#include <stdint.h>

/* The longest text that key_format() writes, with NUL. */
#define KEY_TEXT_BYTES 45

/*
 * The master key of a method that has one, method_key_bytes() of it, from what a configuration
 * calls "password": a password of at least one character (2017; SIP004), or the base64 of exactly
 * that many bytes (2022 and auth-only; SIP022, and RFC 4648 section 4, with its padding, nothing
 * around it and no stray bits at its end). crypto_init() has been called. NULL, or what was found
 * there instead, as words that never show the text; *out is touched only on success.
 */
const char *key_read(const struct method *method, const char *text,
		     uint8_t out[static AEAD_KEY_MAX]);

/*
 * The same from what a configuration calls "key": base64 for every method. With those of 2017 it
 * takes the place of what would be made of a password, as in shadowsocks-libev.
 */
const char *key_read_base64(const struct method *method, const char *text,
			    uint8_t out[static AEAD_KEY_MAX]);

/* Writes n (16 or 32) bytes as base64; returns buf. */
const char *key_format(const uint8_t *bytes, size_t n, char buf[static KEY_TEXT_BYTES]);

#endif
