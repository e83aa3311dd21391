/* SPDX-License-Identifier: MIT */
#include "gateway/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOG_LINE_SIZE = 256 };

/* journald takes the priority from a leading "<n>"; a terminal need not see
 * it. Same order as enum log_level. */
static const struct {
	const char *priority;
	const char *word;
} log_levels[] = {
	{ "<3>", "error: " },
	{ "<4>", "warning: " },
	{ "<6>", "" },
	{ "<7>", "debug: " },
};

static struct {
	const char *name;
	enum log_level level;
	log_sink *sink;
	void *context;
} state = { .name = "gridshim", .level = LOG_LEVEL_INFO };

void
log_init(const char *name, enum log_level level)
{
	state.name = name;
	state.level = level;
}

void
log_set_sink(log_sink *sink, void *context)
{
	state.sink = sink;
	state.context = context;
}

void
log_write(enum log_level level, const char *line)
{
	char text[LOG_LINE_SIZE + 32];
	int length;

	length = snprintf(text, sizeof(text), "%s%s%s\n",
	    getenv("JOURNAL_STREAM") != NULL ? log_levels[level].priority : "",
	    log_levels[level].word, line);
	if (length > 0 && write(STDERR_FILENO, text, (size_t)length) < 0)
		return; /* nowhere left to complain */
}

__attribute__((format(printf, 2, 0))) static void
log_emit(enum log_level level, const char *format, va_list args, int error)
{
	char line[LOG_LINE_SIZE];
	int head, body;
	size_t used;

	if (level > state.level)
		return;
	head = snprintf(line, sizeof(line), "%s: ", state.name);
	used = head > 0 ? (size_t)head : 0;
	body = vsnprintf(line + used, sizeof(line) - used, format, args);
	if (body > 0)
		used += (size_t)body;
	if (error != 0 && used < sizeof(line) - 1)
		snprintf(
		    line + used, sizeof(line) - used, ": %s", strerror(error));
	if (state.sink != NULL)
		state.sink(state.context, level, line);
	else
		log_write(level, line);
}

void
log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_emit(LOG_LEVEL_DEBUG, format, args, 0);
	va_end(args);
}

void
log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_emit(LOG_LEVEL_INFO, format, args, 0);
	va_end(args);
}

void
log_warn(const char *format, ...)
{
	int error = errno;
	va_list args;

	va_start(args, format);
	log_emit(LOG_LEVEL_WARNING, format, args, error);
	va_end(args);
}

void
log_warnx(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_emit(LOG_LEVEL_WARNING, format, args, 0);
	va_end(args);
}

void
log_fatal(int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_emit(LOG_LEVEL_ERROR, format, args, 0);
	va_end(args);
	exit(code);
}
