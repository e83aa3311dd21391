/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "policy/trust.h"

enum { NOW_US = 50000000, MAX_AGE_US = 1500000 };

static const struct trust_settings settings = { .max_age_us = MAX_AGE_US,
	.max_power_w = 17250 };

static enum reason
check(const struct quantities *sample, int64_t age_us)
{
	return trust_check(&settings, sample, NOW_US - age_us, NOW_US);
}

static struct quantities
sample_of(double power_w)
{
	struct quantities sample = { .known = 0 };

	quantities_put(&sample, QUANTITY_ACTIVE_POWER, power_w);
	return sample;
}

static void
a_total_or_all_phases_make_a_sample(void **state)
{
	struct quantities sample = { .known = 0 };

	(void)state;
	assert_int_equal(check(&sample, 0), REASON_NO_SAMPLE);
	quantities_put(&sample, QUANTITY_VOLTAGE, 230);
	quantities_put(&sample, QUANTITY_ACTIVE_POWER_L1, 100);
	quantities_put(&sample, QUANTITY_ACTIVE_POWER_L3, 100);
	assert_int_equal(check(&sample, 0), REASON_NO_SAMPLE);
	quantities_put(&sample, QUANTITY_ACTIVE_POWER_L2, 100);
	assert_int_equal(check(&sample, 0), REASON_NONE);
	sample = sample_of(0);
	assert_int_equal(check(&sample, 0), REASON_NONE);
}

static void
age_counts_to_the_microsecond(void **state)
{
	static const struct {
		int64_t sample_us;
		int64_t now_us;
		enum reason reason;
	} rows[] = {
		{ NOW_US, NOW_US, REASON_NONE },
		{ NOW_US - MAX_AGE_US, NOW_US, REASON_NONE },
		{ NOW_US - MAX_AGE_US - 1, NOW_US, REASON_STALE },
		{ NOW_US + 1, NOW_US, REASON_STALE },
		{ 0, 100, REASON_STALE }, /* never */
		{ -5, 100, REASON_STALE },
		{ INT64_MAX, INT64_MIN, REASON_STALE },
		{ INT64_MIN, INT64_MAX, REASON_STALE },
		{ 1, INT64_MAX, REASON_STALE },
	};
	struct quantities sample = sample_of(100);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(trust_check(&settings, &sample,
				     rows[i].sample_us, rows[i].now_us),
		    rows[i].reason);
}

static void
every_value_has_its_range(void **state)
{
	static const struct {
		enum quantity quantity;
		double value;
		enum reason reason;
	} rows[] = {
		{ QUANTITY_ACTIVE_POWER, 17250, REASON_NONE },
		{ QUANTITY_ACTIVE_POWER, -17250, REASON_NONE },
		{ QUANTITY_ACTIVE_POWER, 17251, REASON_OUT_OF_RANGE },
		{ QUANTITY_ACTIVE_POWER, -17251, REASON_OUT_OF_RANGE },
		{ QUANTITY_ACTIVE_POWER, (double)NAN, REASON_OUT_OF_RANGE },
		{ QUANTITY_ACTIVE_POWER, (double)INFINITY,
		    REASON_OUT_OF_RANGE },
		{ QUANTITY_ACTIVE_POWER, -(double)INFINITY,
		    REASON_OUT_OF_RANGE },
		{ QUANTITY_ACTIVE_POWER_L1, 17251, REASON_OUT_OF_RANGE },
		{ QUANTITY_ACTIVE_POWER_L2, (double)NAN, REASON_OUT_OF_RANGE },
		{ QUANTITY_ACTIVE_POWER_L3, -17251, REASON_OUT_OF_RANGE },
		{ QUANTITY_VOLTAGE, 0, REASON_NONE },
		{ QUANTITY_VOLTAGE, 230, REASON_NONE },
		{ QUANTITY_VOLTAGE, 500, REASON_NONE },
		{ QUANTITY_VOLTAGE, 500.1, REASON_OUT_OF_RANGE },
		{ QUANTITY_VOLTAGE, -0.1, REASON_OUT_OF_RANGE },
		{ QUANTITY_VOLTAGE_L1, (double)NAN, REASON_OUT_OF_RANGE },
		{ QUANTITY_VOLTAGE_L2, 501, REASON_OUT_OF_RANGE },
		{ QUANTITY_VOLTAGE_L3, -1, REASON_OUT_OF_RANGE },
		{ QUANTITY_FREQUENCY, 0, REASON_NONE },
		{ QUANTITY_FREQUENCY, 40, REASON_NONE },
		{ QUANTITY_FREQUENCY, 70, REASON_NONE },
		{ QUANTITY_FREQUENCY, 39.9, REASON_OUT_OF_RANGE },
		{ QUANTITY_FREQUENCY, 70.1, REASON_OUT_OF_RANGE },
		{ QUANTITY_FREQUENCY, (double)INFINITY, REASON_OUT_OF_RANGE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct quantities sample = sample_of(100);

		quantities_put(&sample, rows[i].quantity, rows[i].value);
		assert_int_equal(check(&sample, 0), rows[i].reason);
	}
}

static void
what_is_not_known_is_not_looked_at(void **state)
{
	struct quantities sample;

	(void)state;
	for (unsigned i = 0; i < QUANTITY_COUNT; i++)
		sample.value[i] = (double)NAN;
	sample.known = 0;
	quantities_put(&sample, QUANTITY_ACTIVE_POWER, -300);
	assert_int_equal(check(&sample, 0), REASON_NONE);
}

static void
phases_that_stand_for_the_total_count_together(void **state)
{
	struct quantities sample = { .known = 0 };

	(void)state;
	quantities_put(&sample, QUANTITY_ACTIVE_POWER_L1, 6000);
	quantities_put(&sample, QUANTITY_ACTIVE_POWER_L2, 6000);
	quantities_put(&sample, QUANTITY_ACTIVE_POWER_L3, 6000);
	assert_int_equal(check(&sample, 0), REASON_OUT_OF_RANGE);
	quantities_put(&sample, QUANTITY_ACTIVE_POWER_L3, -6000);
	assert_int_equal(check(&sample, 0), REASON_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_total_or_all_phases_make_a_sample),
		cmocka_unit_test(age_counts_to_the_microsecond),
		cmocka_unit_test(every_value_has_its_range),
		cmocka_unit_test(what_is_not_known_is_not_looked_at),
		cmocka_unit_test(
		    phases_that_stand_for_the_total_count_together),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
