/* SPDX-License-Identifier: MIT */
/*
 * Tells the web process what is counted on the lines: each line every second,
 * and units and questions that have changed, a few a tick. What has not changed
 * is said again now and then, so that a web process started later learns it all
 * too.
 */
#ifndef PROXY_REPORT_H
#define PROXY_REPORT_H

#include "gateway/clock.h"
#include "gateway/config.h"
#include "gateway/outbox.h"
#include "proxy/asked.h"
#include "proxy/line.h"
#include "proxy/tally.h"

struct report_line {
	const struct line *line; /* borrowed; NULL: not watched */
	struct tally tally; /* for whoever works on the line to count in */
	struct asked asked;
};

struct report {
	struct mono since;
	struct mono due; /* the lines' next turn */
	unsigned next; /* item whose turn it is, while a round runs */
	unsigned again; /* item that is said again next */
	struct report_line lines[CONFIG_LINES_MAX];
};

void report_init(struct report *report, struct mono now);

/* Takes the framer's counters, and whether it is open, from that line (by its
 * index in the configuration). It must outlive the report. */
void report_watch(
    struct report *report, unsigned index, const struct line *line);

/* Every tick of the loop. Pushes at most about 20 messages, and none while
 * those of earlier ticks still wait: others are more urgent. */
void report_tick(
    struct report *report, struct outbox *updates, struct mono now);

#endif
