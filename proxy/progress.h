/* SPDX-License-Identifier: MIT */
/* How far a tool has come, on stderr: a bar on a terminal, otherwise a line
 * now and then. */
#ifndef PROXY_PROGRESS_H
#define PROXY_PROGRESS_H

#include <stdbool.h>

#include "gateway/clock.h"

struct progress {
	bool terminal;
	bool drawn; /* a bar stands in the present line */
	struct mono began;
	struct mono told;
};

void progress_begin(struct progress *progress);

/* left: steps to come. Cheap to call at every step. */
void progress_step(
    struct progress *progress, const char *what, unsigned done, unsigned left);

/* A whole line, now. */
void progress_tell(struct progress *progress, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes the bar away. */
void progress_end(struct progress *progress);

#endif
