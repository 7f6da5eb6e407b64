/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Handling secrets: random ones, comparing them, wiping them. Without a crypto library. */
#include "crypto/crypto.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/types.h>

int crypto_random(void *out, size_t n)
{
	uint8_t *next = out;

	while (n > 0) {
		ssize_t got = getrandom(next, n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		next += got;
		n -= (size_t)got;
	}
	return 0;
}

bool crypto_equal(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *left = a, *right = b; /* so that no loop ends early */
	uint8_t difference = 0;

	for (size_t i = 0; i < n; i++)
		difference |= left[i] ^ right[i];
	return difference == 0;
}

void crypto_wipe(void *bytes, size_t n)
{
	explicit_bzero(bytes, n);
}
