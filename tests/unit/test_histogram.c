/* SPDX-License-Identifier: MIT */
/* Times in buckets, against the sorted times themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "gateway/histogram.h"
#include "tests/unit/draw.h"

static void
a_bound_belongs_to_its_bucket(void **state)
{
	static const struct {
		const char *rule;
		int64_t us;
		unsigned bucket;
	} rows[] = {
		{ "nothing", 0, 0 },
		{ "less than nothing counts as nothing", -5, 0 },
		{ "the first bound", 10, 0 },
		{ "just above it", 11, 1 },
		{ "the end of a decade", 1000, 6 },
		{ "just above it", 1001, 7 },
		{ "the last bound", 2000000, 16 },
		{ "beyond all bounds", 2000001, 17 },
		{ "an hour", 3600000000, 17 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct histogram histogram = { 0 };

		print_message("%s\n", rows[i].rule);
		histogram_add(&histogram, rows[i].us);
		assert_int_equal(histogram.bucket[rows[i].bucket], 1);
		assert_int_equal(histogram.count, 1);
		assert_int_equal(
		    histogram.sum_us, rows[i].us > 0 ? rows[i].us : 0);
		assert_true(histogram_sound(&histogram));
	}
}

static void
quantiles_lie_where_they_must(void **state)
{
	struct histogram histogram = { 0 };
	double us = -1;

	assert_false(histogram_quantile(&histogram, 0.5, &us));
	assert_float_equal(us, -1, 0);
	for (int i = 0; i < 4; i++)
		histogram_add(&histogram, 3000); /* 2 to 5 ms */
	assert_true(histogram_quantile(&histogram, 0.5, &us));
	assert_float_equal(us, 3500, 1e-6);
	assert_true(histogram_quantile(&histogram, 1.0, &us));
	assert_float_equal(us, 5000, 1e-6);
	for (int i = 0; i < 96; i++)
		histogram_add(&histogram, 5000000);
	assert_true(histogram_quantile(&histogram, 0.5, &us));
	assert_float_equal(us, 2000000, 0);
}

static int
by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The bucket that a time lies in, as bounds. */
static void
bounds_of(int64_t us, int64_t *low, int64_t *high)
{
	unsigned i = 0;

	while (us > histogram_bounds_us[i])
		i++;
	*low = i > 0 ? histogram_bounds_us[i - 1] : 0;
	*high = histogram_bounds_us[i];
}

static void
a_quantile_is_in_the_bucket_of_the_true_one(void **state)
{
	static const double parts[] = { 0.001, 0.1, 0.5, 0.9, 0.99, 1.0 };
	static int64_t times[2000];
	uint64_t seed = 1;

	for (int round = 0; round < 300; round++) {
		struct histogram histogram = { 0 };
		unsigned count = 1 + draw_below(&seed, 2000);
		double widest = draw_between(&seed, 5, 2000000);
		uint64_t sum = 0;

		for (unsigned i = 0; i < count; i++) {
			times[i] = (int64_t)draw_between(&seed, 0, widest);
			sum += (uint64_t)times[i];
			histogram_add(&histogram, times[i]);
		}
		qsort(times, count, sizeof(times[0]), by_size);
		assert_int_equal(histogram.sum_us, sum);
		assert_true(histogram_sound(&histogram));
		for (size_t p = 0; p < sizeof(parts) / sizeof(parts[0]); p++) {
			double wanted = parts[p] * count, us;
			unsigned rank = (unsigned)wanted;
			int64_t low, high;

			if ((double)rank < wanted)
				rank++;
			bounds_of(times[rank - 1], &low, &high);
			assert_true(
			    histogram_quantile(&histogram, parts[p], &us));
			assert_true(us >= (double)low && us <= (double)high);
		}
		histogram.bucket[draw_below(&seed, HISTOGRAM_BUCKETS)]++;
		assert_false(histogram_sound(&histogram));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bound_belongs_to_its_bucket),
		cmocka_unit_test(quantiles_lie_where_they_must),
		cmocka_unit_test(a_quantile_is_in_the_bucket_of_the_true_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
