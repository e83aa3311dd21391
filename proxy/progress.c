/* SPDX-License-Identifier: MIT */
#include "proxy/progress.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { BAR_WIDTH = 24, BAR_US = 100000, LINE_US = 10000000 };

void
progress_begin(struct progress *progress)
{
	*progress = (struct progress){ .terminal = isatty(STDERR_FILENO) != 0,
		.began = clock_now(),
		.told = clock_now() };
}

/* As long as the steps so far took. */
static unsigned
seconds_left(const struct progress *progress, struct mono now, unsigned done,
    unsigned left)
{
	int64_t took_us = mono_diff_us(now, progress->began);

	return done == 0 ? 0 : (unsigned)(took_us / done * left / 1000000);
}

static void
draw(struct progress *progress, const char *what, unsigned done, unsigned left,
    unsigned left_s)
{
	unsigned filled = done * BAR_WIDTH / (done + left);

	fputs("\r[", stderr);
	for (unsigned i = 0; i < BAR_WIDTH; i++)
		putc(i < filled ? '#' : '.', stderr);
	fprintf(stderr, "] %s, %u s left\033[K", what, left_s);
	fflush(stderr);
	progress->drawn = true;
}

void
progress_step(
    struct progress *progress, const char *what, unsigned done, unsigned left)
{
	struct mono now = clock_now();
	unsigned left_s;

	if (mono_diff_us(now, progress->told) <
		(progress->terminal ? BAR_US : LINE_US) ||
	    done + left == 0)
		return;
	progress->told = now;
	left_s = seconds_left(progress, now, done, left);
	if (progress->terminal)
		draw(progress, what, done, left, left_s);
	else
		fprintf(stderr, "%s: %u tried, %u to come, %u s left\n", what,
		    done, left, left_s);
}

void
progress_end(struct progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}

void
progress_tell(struct progress *progress, const char *format, ...)
{
	va_list arguments;

	progress_end(progress);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	putc('\n', stderr);
}
