/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures for people: numbers with units, short enough for a column. Pure. */
#ifndef MPBRIDGE_FIGURES_H
#define MPBRIDGE_FIGURES_H

#include <stdint.h>

#define FIGURES_TEXT_BYTES 32

/* All of them write into buf and return it. Three digits that matter, decimal prefixes. */

/* "0 B", "999 B", "1.20 kB", "48.3 GB" */
const char *figures_bytes(uint64_t bytes, char buf[static FIGURES_TEXT_BYTES]);

/* "0 bit/s", "95.6 Mbit/s", from bytes within a time, which is not 0. */
const char *figures_rate(uint64_t bytes, uint64_t within_ms, char buf[static FIGURES_TEXT_BYTES]);

/* "0.04 ms", "5.3 ms", "120 ms", "1.25 s" */
const char *figures_rtt(uint64_t microseconds, char buf[static FIGURES_TEXT_BYTES]);

/* "0 s", "14 s", "3 min", "2 h 13 min", "5 d 3 h" */
const char *figures_age(uint64_t milliseconds, char buf[static FIGURES_TEXT_BYTES]);

/* The same with its first part alone, for a column: "2 h" */
const char *figures_short_age(uint64_t milliseconds, char buf[static FIGURES_TEXT_BYTES]);

/* "0 %", "0.02 %", "1.5 %", "100 %", from a share of 0 to 1. */
const char *figures_share(double share, char buf[static FIGURES_TEXT_BYTES]);

#endif
