/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BLAKE3: hash, keyed hash and key derivation, of any length. Portable C, for small inputs. */
#ifndef MPBRIDGE_BLAKE3_H
#define MPBRIDGE_BLAKE3_H

#include <stddef.h>
#include <stdint.h>

#define BLAKE3_KEY_BYTES   32
#define BLAKE3_BLOCK_BYTES 64

/* 2^54 chunks of 1024 bytes are the 2^64 bytes that an input can have. */
#define BLAKE3_DEPTH_MAX 54

/* A hash under way; a copy goes on by itself. Wipe it with crypto_wipe() if it saw a secret. */
struct blake3 {
	uint32_t key[8];		     /* what every chunk begins with */
	uint32_t flags;			     /* the mode */
	uint32_t chaining[8];		     /* of the chunk under way */
	uint64_t chunk;			     /* its number */
	uint32_t n_blocks;		     /* of it, compressed */
	uint32_t block_n;		     /* bytes in `block` */
	uint8_t block[BLAKE3_BLOCK_BYTES];   /* not yet compressed: more may come */
	uint32_t stack[BLAKE3_DEPTH_MAX][8]; /* whole subtrees, the largest first */
	uint32_t depth;			     /* entries of the stack */
};

/* Begins a hash. */
void blake3_init(struct blake3 *hash);

/* Begins a keyed hash: a MAC. */
void blake3_init_keyed(struct blake3 *hash, const uint8_t key[static BLAKE3_KEY_BYTES]);

/*
 * Begins the derivation of a key: what is put in then is the key material. `context` is a text
 * that stands for one purpose in one program, and no secret.
 */
void blake3_init_derive_key(struct blake3 *hash, const char *context);

/* Puts `n` bytes in. */
void blake3_update(struct blake3 *hash, const void *bytes, size_t n);

/* Writes the first `n` bytes of the result, which is as long as one likes. More may be put in. */
void blake3_final(const struct blake3 *hash, uint8_t *out, size_t n);

#endif
