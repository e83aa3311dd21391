/* SPDX-License-Identifier: MIT */
#include "gateway/histogram.h"

const int64_t histogram_bounds_us[HISTOGRAM_BOUNDS] = { 10, 20, 50, 100, 200,
	500, 1000, 2000, 5000, 10000, 20000, 50000, 100000, 200000, 500000,
	1000000, 2000000 };

void
histogram_add(struct histogram *histogram, int64_t us)
{
	unsigned i = 0;

	if (us < 0)
		us = 0;
	while (i < HISTOGRAM_BOUNDS && us > histogram_bounds_us[i])
		i++;
	histogram->bucket[i]++;
	histogram->count++;
	histogram->sum_us += (uint64_t)us;
}

bool
histogram_quantile(const struct histogram *histogram, double part, double *us)
{
	double wanted = part * (double)histogram->count;
	double below = 0.0;

	if (histogram->count == 0)
		return false;
	for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
		double here = (double)histogram->bucket[i];
		double low = i > 0 ? (double)histogram_bounds_us[i - 1] : 0.0;
		double high = (double)histogram_bounds_us[i];

		if (here > 0.0 && below + here >= wanted) {
			*us = low + (high - low) * (wanted - below) / here;
			return true;
		}
		below += here;
	}
	*us = (double)histogram_bounds_us[HISTOGRAM_BOUNDS - 1];
	return true;
}

bool
histogram_sound(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
		count += histogram->bucket[i];
	return count == histogram->count;
}
