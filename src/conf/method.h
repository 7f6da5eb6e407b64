/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names of methods: which there are, and what to say of those that are not here. */
#ifndef MPBRIDGE_METHOD_H
#define MPBRIDGE_METHOD_H

#include "conf/conf.h"

/*
 * Reads the name of a method ("none", also spelled "plain"). NULL: done. Otherwise why it cannot be
 * had, as a sentence; *out is untouched.
 */
const char *method_read(const char *name, enum conf_method *out);

#endif
