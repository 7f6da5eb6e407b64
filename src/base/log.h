/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log: one line, one write, to stderr, to syslog or to who passes it on. */
#ifndef MPBRIDGE_LOG_H
#define MPBRIDGE_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Lines above this level are dropped. The default is LOG_LEVEL_INFO, on stderr. */
void log_set_level(enum log_level level);

/* From now on lines go to syslog (facility daemon), for a program without a terminal. */
void log_use_syslog(void);

/* From now on lines go to `sink`, without what mpbridge and its process are called. */
void log_use_sink(void (*sink)(enum log_level level, const char *text));

/* Put before every line of this process, as "worker 1: "; at most 15 characters. */
void log_set_prefix(const char *prefix);

bool log_is_on(enum log_level level);

/* Line breaks and control characters in the text are replaced, so a peer cannot forge a line. */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)	 log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)	 log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)                                                                             \
	do {                                                                                       \
		if (log_is_on(LOG_LEVEL_DEBUG))                                                    \
			log_write(LOG_LEVEL_DEBUG, __VA_ARGS__);                                   \
	} while (0)

/*
 * A limiter for lines that a peer can cause: true at most once per interval_ms; *suppressed then
 * holds how often it said no since the last line. State starts as zeroes. now_ms: CLOCK_MONOTONIC.
 */
struct log_limit {
	uint64_t next_ms;
	uint32_t suppressed;
};
bool log_limit_pass(struct log_limit *limit, uint64_t now_ms, uint32_t interval_ms,
		    uint32_t *suppressed);

/* The line, if the limit lets it pass, which ends with how many like it were suppressed before. */
void log_limited(struct log_limit *limit, uint64_t now_ms, uint32_t interval_ms,
		 enum log_level level, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
void log_limited_args(struct log_limit *limit, uint64_t now_ms, uint32_t interval_ms,
		      enum log_level level, const char *format, va_list args)
	__attribute__((format(printf, 5, 0)));

#endif
