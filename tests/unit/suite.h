/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmocka's header wants these before it. */
#ifndef MPBRIDGE_SUITE_H
#define MPBRIDGE_SUITE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define RUN_SUITE(tests) return cmocka_run_group_tests(tests, NULL, NULL)

#endif
