/* SPDX-License-Identifier: GPL-3.0-or-later */
/* BLAKE3, as in "BLAKE3: one function, fast everywhere" (O'Connor et al., 2021), section 2. */
#include "crypto/blake3.h"
#include "crypto/crypto.h"

#include <stdbool.h>
#include <string.h>

/*
 * Theory of operation
 *
 * The input is cut into chunks of 1024 bytes, a chunk into 16 blocks of 64. compress() takes a
 * block and the chaining value before it to the one behind it; the last of a chunk stands for the
 * whole chunk. The chunks are leaves of a binary tree in which each left subtree is complete, and
 * as large as it can be; a parent compresses the two values of its children as if they were a
 * block. The root, a chunk if there is only one, is compressed with ROOT and a counter, as often
 * as result is wanted.
 *
 * While the input comes in, `stack` has the values of the complete subtrees that wait for their
 * right neighbour: one for each bit that is set in the number of chunks so far, as in binary
 * counting. Whether a block or a chunk is the last one is known only when nothing follows; so a
 * full block waits in `block` until there is another byte.
 *
 * Words are read and written byte by byte: neither the order nor the place of the bytes matters.
 * Neither branches nor indices depend on what is hashed, so the time does not tell it.
 */

#define CHUNK_BLOCKS 16

enum {
	CHUNK_START = 1 << 0,
	CHUNK_END = 1 << 1,
	PARENT = 1 << 2,
	ROOT = 1 << 3,
	KEYED_HASH = 1 << 4,
	DERIVE_KEY_CONTEXT = 1 << 5,
	DERIVE_KEY_MATERIAL = 1 << 6,
};

/* The first words of the square roots of the first eight primes, as in SHA-256. */
static const uint32_t initial[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
	0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

/* What one compression takes in. */
struct node {
	uint32_t chaining[8];
	uint32_t words[16];
	uint64_t counter;
	uint32_t n_bytes; /* of the words, that are input */
	uint32_t flags;
};

static uint32_t rotate_right(uint32_t word, unsigned int bits)
{
	return word >> bits | word << (32 - bits);
}

static void load_words(uint32_t *words, const uint8_t *bytes, size_t n_words)
{
	for (size_t i = 0; i < n_words; i++, bytes += 4)
		words[i] = (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
			   (uint32_t)bytes[3] << 24;
}

static void mix(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d, uint32_t x, uint32_t y)
{
	*a += *b + x;
	*d = rotate_right(*d ^ *a, 16);
	*c += *d;
	*b = rotate_right(*b ^ *c, 12);
	*a += *b + y;
	*d = rotate_right(*d ^ *a, 8);
	*c += *d;
	*b = rotate_right(*b ^ *c, 7);
}

/* The columns of the 4 x 4 words, then the diagonals. */
static void mix_all(uint32_t v[16], const uint32_t m[16])
{
	for (size_t i = 0; i < 4; i++)
		mix(&v[i], &v[4 + i], &v[8 + i], &v[12 + i], m[2 * i], m[2 * i + 1]);
	for (size_t i = 0; i < 4; i++)
		mix(&v[i], &v[4 + (i + 1) % 4], &v[8 + (i + 2) % 4], &v[12 + (i + 3) % 4],
		    m[8 + 2 * i], m[9 + 2 * i]);
}

static void permute(uint32_t m[16])
{
	static const uint8_t from[16] = {2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8};
	uint32_t before[16];

	memcpy(before, m, sizeof(before));
	for (int i = 0; i < 16; i++)
		m[i] = before[from[i]];
}

/* Seven rounds. The first eight words of `out` are the chaining value; only a root needs all. */
static void compress(const struct node *node, uint32_t out[16])
{
	uint32_t m[16];

	memcpy(m, node->words, sizeof(m));
	memcpy(out, node->chaining, sizeof(node->chaining));
	memcpy(out + 8, initial, 4 * sizeof(*initial));
	out[12] = (uint32_t)node->counter;
	out[13] = (uint32_t)(node->counter >> 32);
	out[14] = node->n_bytes;
	out[15] = node->flags;
	for (int round = 0; round < 7; round++) {
		if (round > 0)
			permute(m);
		mix_all(out, m);
	}
	for (int i = 0; i < 8; i++) {
		out[i] ^= out[8 + i];
		out[8 + i] ^= node->chaining[i];
	}
	crypto_wipe(m, sizeof(m));
}

static void chain(const struct node *node, uint32_t value[8])
{
	uint32_t out[16];

	compress(node, out);
	memcpy(value, out, 8 * sizeof(*out));
}

/* The block under way; `flags` is CHUNK_END if it ends its chunk. */
static void block_node(const struct blake3 *hash, uint32_t flags, struct node *node)
{
	memcpy(node->chaining, hash->chaining, sizeof(node->chaining));
	load_words(node->words, hash->block, 16);
	node->counter = hash->chunk;
	node->n_bytes = hash->block_n;
	node->flags = hash->flags | flags | (hash->n_blocks == 0 ? CHUNK_START : 0);
}

static void parent_node(const struct blake3 *hash, const uint32_t left[8], const uint32_t right[8],
			struct node *node)
{
	memcpy(node->chaining, hash->key, sizeof(node->chaining));
	memcpy(node->words, left, 8 * sizeof(*left));
	memcpy(node->words + 8, right, 8 * sizeof(*right));
	node->counter = 0;
	node->n_bytes = BLAKE3_BLOCK_BYTES;
	node->flags = hash->flags | PARENT;
}

static void begin_chunk(struct blake3 *hash)
{
	memcpy(hash->chaining, hash->key, sizeof(hash->chaining));
	hash->n_blocks = 0;
}

/* Carries, as when one is added to a binary number. */
static void end_chunk(struct blake3 *hash, uint32_t value[8])
{
	struct node parent;

	hash->chunk++;
	for (uint64_t n = hash->chunk; n % 2 == 0; n /= 2) {
		hash->depth--;
		parent_node(hash, hash->stack[hash->depth], value, &parent);
		chain(&parent, value);
	}
	memcpy(hash->stack[hash->depth], value, sizeof(hash->stack[0]));
	hash->depth++;
	begin_chunk(hash);
}

/* The block is full, and something follows it. */
static void end_block(struct blake3 *hash)
{
	bool last = hash->n_blocks == CHUNK_BLOCKS - 1;
	uint32_t value[8];
	struct node node;

	block_node(hash, last ? CHUNK_END : 0, &node);
	chain(&node, value);
	crypto_wipe(&node, sizeof(node));
	if (last) {
		end_chunk(hash, value);
	} else {
		memcpy(hash->chaining, value, sizeof(value));
		hash->n_blocks++;
	}
	memset(hash->block, 0, sizeof(hash->block));
	hash->block_n = 0;
}

static void init(struct blake3 *hash, const uint32_t key[8], uint32_t flags)
{
	memset(hash, 0, sizeof(*hash));
	memcpy(hash->key, key, sizeof(hash->key));
	hash->flags = flags;
	begin_chunk(hash);
}

void blake3_init(struct blake3 *hash)
{
	init(hash, initial, 0);
}

void blake3_init_keyed(struct blake3 *hash, const uint8_t key[static BLAKE3_KEY_BYTES])
{
	uint32_t words[8];

	load_words(words, key, 8);
	init(hash, words, KEYED_HASH);
	crypto_wipe(words, sizeof(words));
}

void blake3_init_derive_key(struct blake3 *hash, const char *context)
{
	uint8_t key[BLAKE3_KEY_BYTES];
	uint32_t words[8];

	init(hash, initial, DERIVE_KEY_CONTEXT);
	blake3_update(hash, context, strlen(context));
	blake3_final(hash, key, sizeof(key));
	load_words(words, key, 8);
	init(hash, words, DERIVE_KEY_MATERIAL);
}

void blake3_update(struct blake3 *hash, const void *bytes, size_t n)
{
	const uint8_t *next = bytes;

	while (n > 0) {
		size_t take;

		if (hash->block_n == BLAKE3_BLOCK_BYTES)
			end_block(hash);
		take = BLAKE3_BLOCK_BYTES - hash->block_n;
		take = take < n ? take : n;
		memcpy(hash->block + hash->block_n, next, take);
		hash->block_n += (uint32_t)take;
		next += take;
		n -= take;
	}
}

static void root_node(const struct blake3 *hash, struct node *node)
{
	uint32_t value[8];

	block_node(hash, CHUNK_END, node);
	for (uint32_t left = hash->depth; left > 0; left--) {
		chain(node, value);
		parent_node(hash, hash->stack[left - 1], value, node);
	}
	node->flags |= ROOT;
	node->counter = 0;
}

void blake3_final(const struct blake3 *hash, uint8_t *out, size_t n)
{
	struct node root;
	uint32_t words[16];

	root_node(hash, &root);
	for (size_t i = 0; i < n; i++) {
		if (i % sizeof(words) == 0) {
			root.counter = i / sizeof(words);
			compress(&root, words);
		}
		out[i] = (uint8_t)(words[i / 4 % 16] >> 8 * (i % 4));
	}
	crypto_wipe(&root, sizeof(root));
	crypto_wipe(words, sizeof(words));
}
