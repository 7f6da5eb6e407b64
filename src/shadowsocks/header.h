/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The opened beginning of a request: where it wants to go, and where its payload begins. Pure. */
#ifndef MPBRIDGE_HEADER_H
#define MPBRIDGE_HEADER_H

#include "shadowsocks/method.h"
#include "shadowsocks/target.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The most that a header can have in 2017, where it may come in several chunks. */
#define HEADER_BYTES_MAX TARGET_HEADER_BYTES

/*
 * Reads it from the n bytes that are there so far. In 2022 they are all of the variable header.
 * Returns how many stand before the payload; 0 when more are needed (never in 2022); -EPROTO when
 * it is none. *out is touched only on success.
 */
ssize_t header_parse(enum method_format format, const uint8_t *bytes, size_t n, struct target *out);

#endif
