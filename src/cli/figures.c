/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Figures for people: numbers with units, short enough for a column. */
#include "cli/figures.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const prefixes[] = {"", "k", "M", "G", "T", "P", "E"};

/* Three digits: 1.20, 48.3, 999. What rounds up to 1000 takes the next prefix. */
static const char *scaled(double value, const char *unit, char buf[static FIGURES_TEXT_BYTES])
{
	unsigned prefix = 0;

	for (; value >= 999.5 && prefix < sizeof(prefixes) / sizeof(prefixes[0]) - 1; prefix++)
		value /= 1000;
	snprintf(buf, FIGURES_TEXT_BYTES, "%.*f %s%s",
		 prefix == 0	 ? 0
		 : value < 9.995 ? 2
		 : value < 99.95 ? 1
				 : 0,
		 value, prefixes[prefix], unit);
	return buf;
}

const char *figures_bytes(uint64_t bytes, char buf[static FIGURES_TEXT_BYTES])
{
	return scaled((double)bytes, "B", buf);
}

const char *figures_rate(uint64_t bytes, uint64_t within_ms, char buf[static FIGURES_TEXT_BYTES])
{
	return scaled((double)bytes * 8000 / (double)within_ms, "bit/s", buf);
}

const char *figures_rtt(uint64_t microseconds, char buf[static FIGURES_TEXT_BYTES])
{
	double ms = (double)microseconds / 1000;

	if (ms < 999.5)
		snprintf(buf, FIGURES_TEXT_BYTES, "%.*f ms",
			 ms < 0.995   ? 2
			 : ms < 99.95 ? 1
				      : 0,
			 ms);
	else
		snprintf(buf, FIGURES_TEXT_BYTES, "%.2f s", ms / 1000);
	return buf;
}

struct span {
	uint64_t seconds;
	const char *unit;
};

static const struct span spans[] = {{86400, "d"}, {3600, "h"}, {60, "min"}, {1, "s"}};

#define N_SPANS (sizeof(spans) / sizeof(spans[0]))

/* The largest span that fits in, the last one otherwise. */
static unsigned span_of(uint64_t seconds)
{
	unsigned i = 0;

	while (i < N_SPANS - 1 && seconds < spans[i].seconds)
		i++;
	return i;
}

const char *figures_short_age(uint64_t milliseconds, char buf[static FIGURES_TEXT_BYTES])
{
	uint64_t seconds = milliseconds / 1000;
	const struct span *span = &spans[span_of(seconds)];

	snprintf(buf, FIGURES_TEXT_BYTES, "%" PRIu64 " %s", seconds / span->seconds, span->unit);
	return buf;
}

/* Minutes have no seconds behind them: who looks twice would see them change and nothing else. */
const char *figures_age(uint64_t milliseconds, char buf[static FIGURES_TEXT_BYTES])
{
	uint64_t seconds = milliseconds / 1000;
	unsigned i = span_of(seconds);
	uint64_t rest = seconds % spans[i].seconds;

	if (i >= N_SPANS - 2 || rest < spans[i + 1].seconds)
		return figures_short_age(milliseconds, buf);
	snprintf(buf, FIGURES_TEXT_BYTES, "%" PRIu64 " %s %" PRIu64 " %s",
		 seconds / spans[i].seconds, spans[i].unit, rest / spans[i + 1].seconds,
		 spans[i + 1].unit);
	return buf;
}

const char *figures_share(double share, char buf[static FIGURES_TEXT_BYTES])
{
	double percent = share * 100;
	int digits = percent < 0.995 ? 2 : percent < 9.95 ? 1 : 0;

	if (percent < 0.005)
		digits = 0;
	snprintf(buf, FIGURES_TEXT_BYTES, "%.*f %%", digits, percent);
	return buf;
}
