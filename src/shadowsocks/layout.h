/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The layout of streams on the wire, as those who write and those who read them need it. */
#ifndef MPBRIDGE_LAYOUT_H
#define MPBRIDGE_LAYOUT_H

#include "crypto/crypto.h"

/*
 * [..] is sealed, with a tag of 16 bytes behind it. Numbers are big endian.
 *
 * 2017, both ways (SIP004):  salt, chunk, chunk, ...
 *   chunk                    [length: 2] [payload: length]
 *   The first payload of the client begins with the address; that may reach into further chunks.
 *
 * 2022, request (SIP022):    salt, [fixed header], [variable header], chunk, chunk, ...
 *   fixed header             type 0: 1, unix time: 8, length of the variable header: 2
 *   variable header          address, length of padding: 2, padding, payload
 * 2022, response:            salt, [fixed header], [payload: length], chunk, chunk, ...
 *   fixed header             type 1: 1, unix time: 8, salt of the request, length: 2
 *
 * auth-only: both headers of 2022, without payload; then raw bytes.
 */
#define LAYOUT_LENGTH_BYTES 2
#define LAYOUT_TIME_BYTES   8
#define LAYOUT_CHUNK_FRONT  (LAYOUT_LENGTH_BYTES + AEAD_TAG_BYTES)

#define LAYOUT_REQUEST_FIXED (1 + LAYOUT_TIME_BYTES + LAYOUT_LENGTH_BYTES)
/* Without the salt of the request. */
#define LAYOUT_RESPONSE_FIXED LAYOUT_REQUEST_FIXED

enum layout_type { LAYOUT_REQUEST = 0, LAYOUT_RESPONSE = 1 };

#define LAYOUT_PADDING_MAX    900
#define LAYOUT_CHUNK_MAX_2017 0x3fff
#define LAYOUT_CHUNK_MAX_2022 0xffff

/* How far the clocks of both ends may be apart. */
#define LAYOUT_TIME_WINDOW_S 30

#endif
