/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What crypto.c needs of a backend, beside aead_ and crypto_hkdf_sha1(), which it implements
 * itself.
 */
#ifndef MPBRIDGE_BACKEND_H
#define MPBRIDGE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MD5_BYTES 16

/* Fetches what there is to fetch of the library. 0, -ENOTSUP or -ENOMEM; backend_exit() follows. */
int backend_init(void);
void backend_exit(void);

/* MD5 of two pieces, one behind the other; the digest may be one of them. Nothing of them stays in
 * the backend's memory. False: there is no such thing, or no memory. */
bool backend_md5(const void *first, size_t first_n, const void *second, size_t second_n,
		 uint8_t digest[static MD5_BYTES]);

#endif
