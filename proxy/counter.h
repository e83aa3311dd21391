/* SPDX-License-Identifier: MIT */
/*
 * An energy counter as the inverter sees it. It never falls, whatever the
 * source does, and as long as the source only counts it is the source's, to
 * the bit.
 *
 * What cannot have flowed is not counted:
 *   1. The first value is taken as it is.
 *   2. One that has risen by no more than the fuses let through since the last
 *      rise, and one step of a coarse counter (1 kWh), is followed.
 *   3. One that has fallen by no more than that step is rounded otherwise: what
 *      is shown waits for it.
 *   4. Any other (meter restarted or replaced, counter wrapped, misread, other
 *      resolution) is not believed: what is shown stands still. If for 60 s
 *      nothing else comes, the source counts from there now, and what is shown
 *      goes on from where it stood.
 *   5. But if the first value itself was the mistake, gone within 60 s, and
 *      what came after it is higher, that is shown.
 * What fits no counter at all (negative, beyond 1e15 Wh) is as if not told.
 */
#ifndef PROXY_COUNTER_H
#define PROXY_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/clock.h"
#include "policy/quantity.h"

enum { COUNTER_COUNT = 10 };

/* All that a meter counts. */
extern const enum quantity counter_quantities[COUNTER_COUNT];

/* What the source said, and since when it has counted without a break. */
struct counter_track {
	double first_wh;
	double last_wh;
	struct mono since; /* 0: none */
	struct mono risen; /* last_wh came */
};

struct counter {
	struct counter_track trusted;
	struct counter_track doubted;
	double base_wh; /* shown = source + base */
	double shown_wh;
	bool settled; /* the first value has held */
};

/* The source's value becomes what is to be shown (Wh or varh). False: there is
 * nothing to show. max_w: what the fuses let through. */
bool counter_follow(
    struct counter *counter, double *value_wh, double max_w, struct mono now);

#endif
