/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log: one line, one write, to stderr, to syslog or to who passes it on. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#define LINE_BYTES 1024

static enum log_level max_level = LOG_LEVEL_INFO;
static bool is_syslog;
static void (*line_sink)(enum log_level level, const char *text);
static char prefix[16];

void log_set_level(enum log_level level)
{
	max_level = level;
}

void log_use_syslog(void)
{
	openlog("mpbridge", LOG_PID, LOG_DAEMON);
	is_syslog = true;
}

void log_use_sink(void (*sink)(enum log_level level, const char *text))
{
	line_sink = sink;
}

void log_set_prefix(const char *text)
{
	snprintf(prefix, sizeof(prefix), "%s", text);
}

bool log_is_on(enum log_level level)
{
	return level <= max_level;
}

static const char *level_word(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error: ";
	case LOG_LEVEL_WARNING:
		return "warning: ";
	case LOG_LEVEL_DEBUG:
		return "debug: ";
	case LOG_LEVEL_INFO:
		break;
	}
	return "";
}

static int syslog_priority(enum log_level level)
{
	static const int priority[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

	return priority[level];
}

/* Whatever a peer put into a name must not end a line or steer a terminal. */
static void replace_controls(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

static void write_line(char *line, size_t length)
{
	line[length] = '\n';
	if (write(STDERR_FILENO, line, length + 1) < 0)
		return; /* nobody is left to be told */
}

/* The other end of a sink says itself what it is called, and how bad it is. */
static int put_head(char *line, enum log_level level)
{
	if (line_sink)
		return snprintf(line, LINE_BYTES, "%s", prefix);
	return snprintf(line, LINE_BYTES, "%s%s%s", is_syslog ? "" : "mpbridge: ", prefix,
			level_word(level));
}

void log_write(enum log_level level, const char *format, ...)
{
	char line[LINE_BYTES + 1];
	va_list args;
	int head, length;

	if (!log_is_on(level))
		return;
	head = put_head(line, level);
	va_start(args, format);
	length = vsnprintf(line + head, (size_t)(LINE_BYTES - head), format, args);
	va_end(args);
	if (length < 0)
		return;
	length = length + head < LINE_BYTES ? length + head : LINE_BYTES - 1;
	replace_controls(line);
	if (line_sink)
		line_sink(level, line);
	else if (is_syslog)
		syslog(syslog_priority(level), "%s", line);
	else
		write_line(line, (size_t)length);
}

bool log_limit_pass(struct log_limit *limit, uint64_t now_ms, uint32_t interval_ms,
		    uint32_t *suppressed)
{
	if (now_ms < limit->next_ms) {
		limit->suppressed++;
		return false;
	}
	*suppressed = limit->suppressed;
	limit->suppressed = 0;
	limit->next_ms = now_ms + interval_ms;
	return true;
}

void log_limited_args(struct log_limit *limit, uint64_t now_ms, uint32_t interval_ms,
		      enum log_level level, const char *format, va_list args)
{
	char text[LINE_BYTES];
	uint32_t suppressed;

	if (!log_limit_pass(limit, now_ms, interval_ms, &suppressed))
		return;
	vsnprintf(text, sizeof(text), format, args);
	if (suppressed > 0)
		log_write(level, "%s (and %u more like it)", text, suppressed);
	else
		log_write(level, "%s", text);
}

void log_limited(struct log_limit *limit, uint64_t now_ms, uint32_t interval_ms,
		 enum log_level level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_limited_args(limit, now_ms, interval_ms, level, format, args);
	va_end(args);
}
