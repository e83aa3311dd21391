/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>

#include "policy/offset.h"

#define S   INT64_C(1000000)
#define NOW (100 * S)

static void
wanted_by_right_of_the_lease(void **state)
{
	static const struct {
		int64_t expiry_us;
		int64_t now_us;
		double wanted_w;
		enum reason reason;
	} rows[] = {
		{ 0, NOW, 0, REASON_TRANSPARENT },
		{ NOW + 1, NOW, 300, REASON_MANUAL },
		{ NOW, NOW, 0, REASON_EXPIRED },
		{ NOW, NOW + 1, 0, REASON_EXPIRED },
		{ 1, INT64_MAX, 0, REASON_EXPIRED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct offset_lease lease = { .value_w = 300,
			.expiry_us = rows[i].expiry_us };
		enum reason reason = REASON_NONE;
		double wanted_w =
		    offset_wanted_w(&lease, rows[i].now_us, &reason);

		assert_true(wanted_w == rows[i].wanted_w);
		assert_int_equal(reason, rows[i].reason);
	}
}

static void
a_lease_is_checked_whole(void **state)
{
	static const struct {
		double value_w;
		double ramp_w_per_s;
		int64_t left_us;
		enum reason reason;
	} rows[] = {
		{ 500, 0, 60 * S, REASON_NONE },
		{ 3000, 0, 60 * S, REASON_NONE },
		{ -3000, 1e6, 60 * S, REASON_NONE },
		{ 0, 0, 60 * S, REASON_NONE },
		{ 3000.001, 0, 60 * S, REASON_BEYOND_LIMIT },
		{ -3000.001, 0, 60 * S, REASON_BEYOND_LIMIT },
		{ (double)NAN, 0, 60 * S, REASON_NOT_FINITE },
		{ (double)INFINITY, 0, 60 * S, REASON_NOT_FINITE },
		{ -(double)INFINITY, 0, 60 * S, REASON_NOT_FINITE },
		{ 500, -0.001, 60 * S, REASON_BAD_RAMP },
		{ 500, (double)NAN, 60 * S, REASON_BAD_RAMP },
		{ 500, (double)INFINITY, 60 * S, REASON_BAD_RAMP },
		{ 500, 0, 1 * S, REASON_NONE },
		{ 500, 0, 9 * S / 10, REASON_NONE },
		{ 500, 0, 9 * S / 10 - 1, REASON_BAD_EXPIRY },
		{ 500, 0, 0, REASON_BAD_EXPIRY },
		{ 500, 0, -1 * S, REASON_BAD_EXPIRY },
		{ 500, 0, 86400 * S, REASON_NONE },
		{ 500, 0, 86400 * S + 1, REASON_BAD_EXPIRY },
		{ 500, 0, -NOW, REASON_BAD_EXPIRY }, /* "no lease" */
		{ 500, 0, INT64_MAX - NOW, REASON_BAD_EXPIRY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct offset_lease lease = { .value_w = rows[i].value_w,
			.ramp_w_per_s = rows[i].ramp_w_per_s,
			.expiry_us = NOW + rows[i].left_us };

		assert_int_equal(
		    offset_check(&lease, 3000, NOW), rows[i].reason);
	}
}

static void
times_at_the_ends_of_the_clock_do_no_harm(void **state)
{
	struct offset_lease lease = { .value_w = 1, .expiry_us = INT64_MAX };

	(void)state;
	assert_int_equal(
	    offset_check(&lease, 10, INT64_MIN), REASON_BAD_EXPIRY);
	lease.expiry_us = INT64_MIN;
	assert_int_equal(
	    offset_check(&lease, 10, INT64_MAX), REASON_BAD_EXPIRY);
	lease.expiry_us = 0;
	assert_int_equal(offset_check(&lease, 10, -5 * S), REASON_BAD_EXPIRY);
}

static void
a_limit_that_is_none_takes_nothing(void **state)
{
	struct offset_lease lease = { .value_w = 1, .expiry_us = NOW + S };

	(void)state;
	assert_int_equal(offset_check(&lease, 0, NOW), REASON_BEYOND_LIMIT);
	assert_int_equal(offset_check(&lease, -5, NOW), REASON_BEYOND_LIMIT);
	assert_int_equal(
	    offset_check(&lease, (double)NAN, NOW), REASON_BEYOND_LIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wanted_by_right_of_the_lease),
		cmocka_unit_test(a_lease_is_checked_whole),
		cmocka_unit_test(times_at_the_ends_of_the_clock_do_no_harm),
		cmocka_unit_test(a_limit_that_is_none_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
