/* SPDX-License-Identifier: MIT */
/*
 * Read-only questions to the database, for the page. Opens its own read-only
 * connection; never writes, never checkpoints. One query at a time per handle.
 * When the file was replaced (set aside as damaged), the next query finds the
 * new one by itself.
 */
#ifndef STORAGE_HISTORY_H
#define STORAGE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/quantity.h"

enum { HISTORY_POINTS_MAX = 5000, HISTORY_LIMIT_MS = 2000 };

struct history;

struct history_point {
	int64_t wall_us; /* start of the step */
	double mean;
	double min;
	double max;
};

/* NULL when the file is not there yet or cannot be read; try again later. */
struct history *history_open(const char *path);
void history_close(struct history *history);

/*
 * Values of one quantity of one device or shown meter, by name, from <= t <
 * to, in steps of step_us counted from from_us (0: chosen so that at most max
 * points come out; a step that would need more is refused). The mean is that
 * of the samples. Steps without data are left out: gaps stay gaps. At most
 * HISTORY_POINTS_MAX points come out at once. Returns how many points
 * were written, or -1 with a reason in *error (static text) when the query
 * failed or ran longer than HISTORY_LIMIT_MS.
 */
int history_range(struct history *history, const char *subject,
    enum quantity quantity, int64_t from_us, int64_t to_us, int64_t step_us,
    struct history_point *points, int max, const char **error);

struct history_event {
	int64_t wall_us;
	int level; /* enum log_level */
	char subject[32];
	char text[256];
};

/* The newest events first. Same result as above. */
int history_events(struct history *history, struct history_event *events,
    int max, const char **error);

#endif
