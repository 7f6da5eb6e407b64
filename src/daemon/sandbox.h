/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a worker is kept from by the kernel, beside having no privileges. */
#ifndef MPBRIDGE_SANDBOX_H
#define MPBRIDGE_SANDBOX_H

#include "daemon/filter.h"

#include <stdbool.h>

/*
 * All three do what this system allows and never fail; if `tells`, what is not to be had is said in
 * the log, and with -v what is. A build with a sanitizer has none of it but the limits: its reports
 * need files and processes.
 */

/* While there are privileges: descriptors 0 and 1 lead nowhere, and 2 if is_silent; no environment,
 * no file system. */
void sandbox_enter(bool is_silent, bool tells);

/* When privileges are dropped: no core dump, no process, no file that grows. */
void sandbox_limit(void);

/*
 * When everything is open: from now on the system calls of the filter and no others. One that is
 * refused fails with EPERM, and the other end of channel_fd is told (MESSAGE_REFUSED); a deadly one
 * ends the process with SIGSYS.
 */
void sandbox_close(const struct filter_needs *needs, int channel_fd, bool tells);

#endif
