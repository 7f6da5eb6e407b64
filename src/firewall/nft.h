/* SPDX-License-Identifier: GPL-3.0-or-later */
/* nft(8), run as a child. */
#ifndef MPBRIDGE_NFT_H
#define MPBRIDGE_NFT_H

#include <stdbool.h>

/*
 * Has nft read `text`, and do what it says (in one transaction for each), or only check it. 0, or
 * with the first line that nft complained with, ended by NUL, in `complaint`: -ENOENT (there is no
 * nft), -ETIMEDOUT (it was killed after five seconds), -EINVAL (it did not do it), another -errno.
 */
int nft_run(const char *text, bool only_check, char complaint[static 256]);

/* What the table of the family inet holds, without its counters, to be given to free(). NULL: there
 * is no such table, or it cannot be read. */
char *nft_list(const char *table);

/* Removes the table of the family inet, if it is there. A failure is logged. */
void nft_remove(const char *table);

/* Logs why nft_run() did not do what this key of the configuration needs. */
void nft_complain(const char *key, int error, const char *complaint);

#endif
