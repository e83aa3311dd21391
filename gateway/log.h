/* SPDX-License-Identifier: MIT */
/*
 * One line per change of state: lower case, subject first, numbers with
 * units, no full stop. Repeats are counted by the caller, not printed.
 *
 * Lines go to the sink: stderr with a "<n>" priority for journald by default;
 * a child process sets one that sends them to the parent and never blocks.
 */
#ifndef GATEWAY_LOG_H
#define GATEWAY_LOG_H

#include <stdnoreturn.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

typedef void log_sink(void *context, enum log_level level, const char *line);

/* name: the process, put before each line ("proxy"). */
void log_init(const char *name, enum log_level level);
void log_set_sink(log_sink *sink, void *context);

void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Adds strerror(errno). */
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warnx(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Logs as an error and exits with a code of sysexits.h. */
noreturn void log_fatal(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes one finished line to stderr; what the parent does with lines of its
 * children. */
void log_write(enum log_level level, const char *line);

#endif
