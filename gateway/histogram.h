/* SPDX-License-Identifier: MIT */
/*
 * How long things took: counts in buckets of 1, 2 and 5 times a power of ten,
 * from 10 us to 2 s, and one for all that took longer. Pure, fixed memory; it
 * counts from its start and never forgets.
 */
#ifndef GATEWAY_HISTOGRAM_H
#define GATEWAY_HISTOGRAM_H

#include <stdbool.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS = 17, HISTOGRAM_BUCKETS = HISTOGRAM_BOUNDS + 1 };

/* bucket[i] holds what took at most histogram_bounds_us[i], and longer than the
 * bound before it. */
struct histogram {
	uint64_t count;
	uint64_t sum_us;
	uint64_t bucket[HISTOGRAM_BUCKETS];
};

extern const int64_t histogram_bounds_us[HISTOGRAM_BOUNDS];

/* Less than nothing counts as nothing. */
void histogram_add(struct histogram *histogram, int64_t us);

/*
 * The time that `part` (0 to 1) of all took at most, as if they were spread
 * evenly within a bucket: off by its width at most. What took longer than the
 * last bound counts as that bound. False: there was nothing yet.
 */
bool histogram_quantile(
    const struct histogram *histogram, double part, double *us);

/* The buckets add up to the count. */
bool histogram_sound(const struct histogram *histogram);

#endif
