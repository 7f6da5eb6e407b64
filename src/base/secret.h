/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory for keys. */
#ifndef MPBRIDGE_SECRET_H
#define MPBRIDGE_SECRET_H

#include <stddef.h>

/*
 * n bytes of zeroes, n > 0, in pages of their own: in no core dump, not swapped out if that is
 * allowed (RLIMIT_MEMLOCK), with a page before and behind that ends the process when it is touched.
 * A child has a copy after fork(), which may be swapped. NULL: no memory. Costs a page at least and
 * some system calls, of which workers may not make every one later: for keys that last, allocated
 * before the workers are started, not for those of a flow.
 */
void *secret_alloc(size_t n);

/* Wipes and gives back what secret_alloc(n) returned. NULL is nothing. */
void secret_free(void *p, size_t n);

/* Overwrites a text in place: a password in argv, in a parsed file. NULL is nothing. */
void secret_wipe_text(char *text);

/* Wipes all that is still there, in this process: before it ends. The memory stays readable. */
void secret_wipe_all(void);

#endif
