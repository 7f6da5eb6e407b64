/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The methods: what protects a connection between the two routers, and who may make one. */
#ifndef MPBRIDGE_METHOD_H
#define MPBRIDGE_METHOD_H

#include "crypto/crypto.h"

#include <stdbool.h>
#include <stddef.h>

/* How a connection begins and goes on. */
enum method_format {
	METHOD_PLAIN, /* the address, then raw bytes */
	METHOD_2017,  /* SIP004 and SIP007: a password, salt, chunks */
	METHOD_2022,  /* SIP022: a key, salt, headers with the time, chunks */
};

struct method {
	const char *name;
	enum method_format format;
	bool is_raw_after_header; /* auth-only: the headers of 2022, then raw bytes */
	enum aead_kind aead;
	const char *context; /* 2022: of the session's subkey (BLAKE3 derive_key) */
};

/* All of them, in the order in which people are told of them; ends with one without a name. */
extern const struct method method_table[];

/* The method of this name ("plain" is another one of "none"), or NULL. */
const struct method *method_find(const char *name);

/* Why a method that method_find() does not know cannot be had, as a sentence. */
const char *method_refusal(const char *name);

/* Bytes of a key, and of a salt: 16 or 32; 0 for a method without one. */
size_t method_key_bytes(const struct method *method);

#endif
